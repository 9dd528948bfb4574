/**
 * Sending a form of a dialog without leaving it: what is wrong is shown in the dialog. The server's
 * page has the same form, whose content replaces the old one.
 */

import { readPage } from "../shared/dom.js";

/**
 * @param {HTMLFormElement} form
 * @param {(form: HTMLFormElement) => void} wire makes a fresh copy of the form work
 */
export function submitInDialog(form, wire) {
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return; // a double click would invite everybody twice
    busy = true;
    const answer = await send(form, event.submitter);
    busy = false;
    if (!answer) return showFault(form, form.dataset.offline ?? "");
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
      const { location: next } = await answer.json().catch(() => ({}));
      busy = true; // until the next page is there
      if (next) return location.assign(next);
    }
    const page = readPage(await answer.text().catch(() => ""));
    const fresh = page.getElementById(form.id);
    // Any other page, such as the one for signing in again, is the server's to show.
    if (!(fresh instanceof HTMLFormElement)) return form.submit();
    const imported = document.importNode(fresh, true);
    form.replaceWith(imported);
    wire(imported);
  });
  // The page may be shown again after going back to it.
  window.addEventListener("pageshow", () => (busy = false));
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
function send(form, submitter) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  // The button is an answer to a question about a number.
  if (submitter instanceof HTMLButtonElement && submitter.name) {
    fields.append(submitter.name, submitter.value);
  }
  const headers = { Accept: "text/html, application/json" };
  return fetch(form.action, { method: "POST", body: fields, headers }).catch(() => null);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} sentence
 */
function showFault(form, sentence) {
  form.querySelector("[role=alert]")?.remove();
  const place = document.createElement("div");
  place.className = "notice bad";
  place.setAttribute("role", "alert");
  place.tabIndex = -1;
  place.textContent = sentence;
  form.prepend(place);
  place.focus();
}
