/**
 * Parts of a page that follow the server: when `list-changed` is told, the page is fetched once
 * more and its `[data-live]` parts are replaced where they differ. Dialogs and forms around them
 * stay as they are; the keyboard stays where it was.
 */

/** Many things happen at once when a notice goes out to six people. */
const AFTER = 400;

/** The page could not be had just now. */
const AGAIN_AFTER = 2_000;

export const LIST_CHANGED = "list-changed";

export function followLists() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let stale = false;
  const refresh = () => {
    stale = true;
    if (document.visibilityState !== "visible") return;
    // not put off by what follows: while a thousand notices go out, something always follows
    timer ??= setTimeout(async () => {
      timer = undefined;
      stale = !(await replaceParts());
      if (stale) setTimeout(refresh, AGAIN_AFTER);
    }, AFTER);
  };
  document.addEventListener(LIST_CHANGED, refresh);
  document.addEventListener("visibilitychange", () => stale && refresh());
}

/** @returns {Promise<boolean>} whether the page is up to date; one that is gone stays as it is */
async function replaceParts() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || answer.status >= 500) return false;
  if (!answer.ok || answer.redirected) return true;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const part = fresh.getElementById(old.id);
    if (!part || part.isEqualNode(old)) continue;
    const mark = old.contains(document.activeElement) ? markOf(document.activeElement) : "";
    const imported = document.importNode(part, true);
    old.replaceWith(imported);
    if (mark) focusMarked(imported, mark);
  }
  return true;
}

/**
 * What makes a control the same in a fresh copy of the page: where it leads and what it says.
 * @param {Element | null} element
 */
function markOf(element) {
  const form = element instanceof HTMLButtonElement ? element.form : null;
  return [form?.getAttribute("action") ?? element?.getAttribute("href"), element?.textContent].join(
    " ",
  );
}

/**
 * @param {Element} part
 * @param {string} mark
 */
function focusMarked(part, mark) {
  for (const element of part.querySelectorAll("a, button")) {
    if (element instanceof HTMLElement && markOf(element) === mark) return element.focus();
  }
}
