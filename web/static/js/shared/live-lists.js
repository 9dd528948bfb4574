/**
 * Live parts of a page: on the event `list-changed` the page is fetched again and its `[data-live]`
 * parts are replaced where they differ. Dialogs and forms around them stay as they are, and so do the
 * focus and what is unfolded.
 */

import { readPage } from "./dom.js";

/** Coalesces the events of a notice that goes out to six people. */
const REFRESH_DELAY = 400;

/** After a failed fetch. */
const RETRY_DELAY = 2_000;

export const LIST_CHANGED = "list-changed";

export function followLists() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let stale = false;
  const refresh = () => {
    stale = true;
    if (document.visibilityState !== "visible") return;
    // Not restarted by further events: while a thousand notices go out there is always another.
    timer ??= setTimeout(async () => {
      timer = undefined;
      stale = !(await replaceParts());
      if (stale) setTimeout(refresh, RETRY_DELAY);
    }, REFRESH_DELAY);
  };
  document.addEventListener(LIST_CHANGED, refresh);
  document.addEventListener("visibilitychange", () => stale && refresh());
  // Loaded late, after the connection's first message: what that reported was not heard here.
  if (document.body.dataset.line) refresh();
}

/** @returns {Promise<boolean>} whether the page is up to date; if the server has no such page any more, it stays */
async function replaceParts() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || answer.status >= 500) return false;
  if (!answer.ok || answer.redirected) return true;
  const fresh = readPage(await answer.text());
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (!part) continue;
    for (const { id } of old.querySelectorAll("details[open]")) {
      part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    }
    if (part.isEqualNode(old)) continue;
    const key = old.contains(document.activeElement) ? controlKey(document.activeElement) : "";
    const imported = document.importNode(part, true);
    old.replaceWith(imported);
    if (key && !focusControl(imported, key)) focusPlace(imported);
  }
  return true;
}

/**
 * Identifies a control in a fresh copy of the page: by its target and its text.
 * @param {Element | null} element
 */
function controlKey(element) {
  const form = element instanceof HTMLButtonElement ? element.form : null;
  const target = form?.getAttribute("action") ?? element?.getAttribute("href");
  return [target ?? element?.parentElement?.id, element?.textContent].join(" ");
}

/**
 * @param {Element} part
 * @param {string} key
 * @returns {boolean} whether there is such a control
 */
function focusControl(part, key) {
  for (const element of part.querySelectorAll("a, button, summary")) {
    if (!(element instanceof HTMLElement) || controlKey(element) !== key) continue;
    element.focus();
    return true;
  }
  return false;
}

/**
 * What was focused is gone: whoever has no mouse goes on where it was, or before it if nothing is left.
 * @param {HTMLElement} part
 */
function focusPlace(part) {
  part.tabIndex = -1;
  part.focus({ preventScroll: true });
  if (document.activeElement !== part) part.closest("main")?.focus({ preventScroll: true });
}
