/** The button beside a password that shows what was typed. Without this module there is none. */

/** @param {HTMLButtonElement} button */
function setUp(button) {
  const field = document.getElementById(button.dataset.show ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const showLabel = button.textContent ?? "";
  const hideLabel = button.dataset.hideLabel ?? "";

  /** @param {boolean} shown */
  const set = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? hideLabel : showLabel;
  };

  // What is shown is neither corrected nor sent to a spelling service.
  field.spellcheck = false;
  field.autocapitalize = "none";
  button.hidden = false;
  button.addEventListener("click", () => {
    set(field.type === "password");
    field.focus();
  });
  // Browsers keep what was typed into a field of text, and offer it to the next person.
  field.form?.addEventListener("submit", () => set(false));
  addEventListener("pagehide", () => set(false));
}

for (const button of document.querySelectorAll("button[data-show]")) {
  if (button instanceof HTMLButtonElement) setUp(button);
}
