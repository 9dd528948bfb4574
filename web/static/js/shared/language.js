/** The language switch: choosing is enough where scripts run. */

export function submitLanguageOnChange() {
  const choice = document.getElementById("interface-language");
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.form?.classList.add("scripted");
  choice.addEventListener("change", () => choice.form?.requestSubmit());
}
