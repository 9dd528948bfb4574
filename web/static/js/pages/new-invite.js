/** "New invite": the choice shows its form without loading another page. */

/** @param {ParentNode} root */
export function wireChoices(root) {
  const choices = [...root.querySelectorAll("[data-choice]")];
  for (const choice of choices) {
    if (!(choice instanceof HTMLElement)) continue;
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      choose(choices, choice.dataset.choice ?? "");
    });
  }
}

/**
 * @param {Element[]} choices
 * @param {string} kind
 */
function choose(choices, kind) {
  for (const choice of choices) {
    if (!(choice instanceof HTMLElement)) continue;
    const chosen = choice.dataset.choice === kind;
    if (chosen) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
    const form = document.getElementById(`form-${choice.dataset.choice}`);
    if (!form) continue;
    form.hidden = !chosen;
    const first = form.querySelector("input:not([type=hidden])");
    if (chosen && first instanceof HTMLElement) first.focus();
  }
}

wireChoices(document);
