/** What is wrong with a form disappears, field by field, as it is corrected. */

/**
 * Field -> others whose faults may be gone with it: a later time makes a date of today right.
 * @type {Record<string, string[]>}
 */
const ALSO = {
  plan_later: ["date", "time", "time_zone"],
  date: ["time"],
  time: ["date"],
  time_zone: ["date", "time"],
  occurrence: ["time"],
  address: ["channel"],
  channel: ["address", "first_name"],
  last_name: ["first_name"],
};

/** @param {HTMLFormElement} form */
export function forgetCorrected(form) {
  form.addEventListener("input", ({ target }) => {
    const name = target instanceof Element ? target.getAttribute("name") : null;
    if (!name) return;
    for (const each of [name, ...(ALSO[name] ?? [])]) forget(form, each);
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name of a field
 */
function forget(form, name) {
  const sentence = document.getElementById(`${name}-error`);
  if (!sentence) return;
  for (const field of form.querySelectorAll(`[aria-describedby~="${sentence.id}"]`)) {
    field.removeAttribute("aria-invalid");
    const others = (field.getAttribute("aria-describedby") ?? "")
      .split(" ")
      .filter((id) => id !== sentence.id);
    if (others.length) field.setAttribute("aria-describedby", others.join(" "));
    else field.removeAttribute("aria-describedby");
  }
  sentence.remove();
  form.querySelector(`[data-question="${name}"]`)?.remove();
  const summary = form.querySelector("[role=alert]");
  summary?.querySelector(`a[href="#${name}"]`)?.closest("li")?.remove();
  if (summary && !summary.querySelector("li")) summary.remove();
}
