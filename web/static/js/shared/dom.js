/** Small helpers for the DOM: typed look-up, templates, keyed lists, double presses. */

/**
 * The element with this id, which must exist and be of this kind.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = maybe(id, kind);
  if (found) return found;
  throw new Error(`no ${kind.name} with id ${id}`);
}

/**
 * The same for an element that some pages lack.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T | null}
 */
export function maybe(id, kind) {
  const found = document.getElementById(id);
  return found instanceof kind ? found : null;
}

/**
 * A page that was fetched, of which parts are to be shown. It is read as where no scripts run, so what is in
 * `noscript` would be shown, and sent with its form.
 * @param {string} text HTML
 * @returns {Document}
 */
export function readPage(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const element of page.querySelectorAll("noscript")) element.remove();
  return page;
}

/**
 * The first element inside `root` that matches; it must exist.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function inside(root, selector) {
  const found = root.querySelector(selector);
  if (found instanceof HTMLElement) return found;
  throw new Error(`no ${selector}`);
}

/**
 * A copy of the element in the template with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function clone(id) {
  const first = byId(id, HTMLTemplateElement).content.firstElementChild;
  if (!(first instanceof HTMLElement)) throw new Error(`empty template ${id}`);
  return /** @type {HTMLElement} */ (first.cloneNode(true));
}

/**
 * Reconcile the children of `parent` with `items`. Elements are kept by key, so that the focus,
 * playing videos and what a screen reader has already read stay as they are.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} make
 * @param {(element: HTMLElement, item: T) => void} update
 */
export function follow(parent, items, key, make, update) {
  /** @type {Map<string, HTMLElement>} */
  const kept = new Map();
  for (const child of parent.children) {
    if (child instanceof HTMLElement) kept.set(child.dataset.key ?? "", child);
  }
  let previous = /** @type {Element | null} */ (null);
  for (const item of items) {
    const name = key(item);
    let element = kept.get(name);
    if (element) kept.delete(name);
    else {
      element = make(item);
      element.dataset.key = name;
    }
    update(element, item);
    const place = previous ? previous.nextElementSibling : parent.firstElementChild;
    // Moving a playing video stops it: elements in their right place are not touched.
    if (place !== element) parent.insertBefore(element, place);
    previous = element;
  }
  for (const element of kept.values()) element.remove();
}

/**
 * Change a list without moving the first visible child, if it remains.
 * @param {Element} scroll
 * @param {Element} list
 * @param {() => void} change
 */
export function keepingScroll(scroll, list, change) {
  const top = scroll.getBoundingClientRect().top;
  const seen = [...list.children].find((child) => child.getBoundingClientRect().bottom > top);
  const before = seen?.getBoundingClientRect().top ?? 0;
  change();
  if (seen?.isConnected) scroll.scrollTop += seen.getBoundingClientRect().top - before;
}

/**
 * Set the text only if it changes: live regions would read it again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element | null} element
 * @param {boolean} visible
 */
export function show(element, visible) {
  if (element instanceof HTMLElement && element.hidden === visible) element.hidden = !visible;
}

/** Milliseconds for which a sentence that nobody asked for can be read. */
const A_WHILE = 15_000;
/** @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const shown = new WeakMap();

/**
 * @param {HTMLElement} place
 * @param {string} sentence
 */
export function showForAWhile(place, sentence) {
  setText(place, sentence);
  show(place, true);
  clearTimeout(shown.get(place));
  const over = setTimeout(() => show(place, false), A_WHILE);
  shown.set(place, over);
}

/**
 * Double presses, on this page from now on. What the first press did may have put another button where
 * the finger still is, "Hang up" or "Terminate the session": the second one presses nothing but the same
 * again. Whoever needs it calls it; the page listens once.
 */
export function ignoreStrayPresses() {
  document.addEventListener("click", ignoreStrayPress, true);
}

/** @type {Element | null} */
let pressed = null;

/** @param {MouseEvent} event whose `detail` counts the presses at this place right after each other */
function ignoreStrayPress(event) {
  const button = /** @type {Element} */ (event.target).closest("a, button, summary");
  if (event.detail < 2 || !button || button === pressed) pressed = button;
  else {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
