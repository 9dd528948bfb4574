/**
 * The buttons of an invited person: "Copy link", "Show QR code", "Send again". Each answers at the
 * place where it was pressed. Rows are replaced when a list changes, so the document listens for all
 * of them, and the answer stands outside of the rows.
 */

import { _, loadCatalog } from "./catalog.js";
import { copy } from "./copy.js";
import { byId, inside, maybe, setText } from "./dom.js";

/** Milliseconds for which an answer can be read. */
const A_WHILE = 10_000;
/** Pixels between an answer and its button, and the edge of the window. */
const APART = 6;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let over;
const ready = loadCatalog();

export function wireRowActions() {
  document.addEventListener("click", onClick);
  // Registered after `askBeforeSubmitting`: what is still a question is not sent.
  document.addEventListener("submit", onSubmit);
}

/** @param {MouseEvent} event */
function onClick(event) {
  const dialog = maybe("qr-dialog", HTMLDialogElement);
  if (!dialog) return; // lists without these buttons
  // The dialog's padding belongs to the dialog: only a click on its backdrop has it as target
  // outside of its box.
  if (event.target === dialog && isBeside(dialog, event)) return dialog.close();
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const address = button?.form?.action ?? "";
  if (button?.dataset.copyLink !== undefined) {
    event.preventDefault();
    void copyFrom(address, button);
  } else if (button?.dataset.showQr !== undefined) {
    event.preventDefault();
    setText(inside(dialog, ".name"), button.dataset.who ?? "");
    byId("qr-image", HTMLImageElement).src = address;
    dialog.showModal();
  }
}

/**
 * @param {HTMLElement} element
 * @param {MouseEvent} event
 */
function isBeside(element, { clientX, clientY }) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/** @param {SubmitEvent} event */
function onSubmit(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.sendAgain === undefined) return;
  if (event.defaultPrevented) return;
  event.preventDefault();
  void sendAgain(form);
}

/** @param {HTMLFormElement} form */
async function sendAgain(form) {
  const button = form.querySelector("button");
  if (!button || button.getAttribute("aria-disabled")) return;
  // Not `disabled`, which would take the focus away.
  button.setAttribute("aria-disabled", "true");
  const place = answerPlace(button);
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
  }).catch(() => null);
  button.removeAttribute("aria-disabled");
  await ready;
  if (answer?.ok) return place(_("On its way."));
  const refused = await answer?.json().catch(() => null);
  place(refused?.text ?? _("No connection. Please try again."));
}

/**
 * @param {string} address of the page with the link
 * @param {HTMLElement} button
 */
async function copyFrom(address, button) {
  const place = answerPlace(button);
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(
    () => null,
  );
  if (!answer?.ok) {
    // That page says what is wrong.
    location.assign(address);
    return;
  }
  const { link } = await answer.json();
  await ready;
  if (await copy(link)) return place(_("Copied."));
  setText(byId("link-text", HTMLElement), link);
  byId("link-dialog", HTMLDialogElement).showModal();
}

/**
 * Where an answer to this button stands: below it, within the window. The button may be replaced
 * before there is an answer, by one that does the same.
 * @param {HTMLElement} button
 * @returns {(sentence: string) => void}
 */
function answerPlace(button) {
  const address = button.closest("form")?.getAttribute("action") ?? "";
  return (sentence) => {
    const same = document.querySelector(`form[action="${CSS.escape(address)}"] button`);
    const { left, bottom } = (
      button.isConnected ? button : (same ?? button)
    ).getBoundingClientRect();
    const answer = byId("row-status", HTMLElement);
    setText(answer, sentence);
    const room = document.documentElement.clientWidth - answer.offsetWidth - APART;
    answer.style.top = `${bottom + scrollY + APART}px`;
    answer.style.left = `${scrollX + Math.max(APART, Math.min(left, room))}px`;
    clearTimeout(over);
    over = setTimeout(() => setText(answer, ""), A_WHILE);
  };
}
