/**
 * `<dialog>` (HTML, "the dialog element") where it is an unknown element: before Safari 15.4 and Firefox
 * 98. Only modal ones, for there are no others here. css/shapes.css places them.
 */

const FOCUSABLE = "button, a[href], input, select, textarea, summary, [tabindex]";

if (!("HTMLDialogElement" in window)) {
  const made = /** @type {any} */ (HTMLUnknownElement.prototype);
  Object.assign(window, { HTMLDialogElement: HTMLUnknownElement });
  /** @type {HTMLElement[]} the last is on top */
  const shown = [];
  /** @type {WeakMap<HTMLElement, Element | null>} dialog -> what had the focus before */
  const before = new WeakMap();

  Object.defineProperty(made, "open", {
    configurable: true,
    get() {
      return this.hasAttribute("open");
    },
    set(open) {
      this.toggleAttribute("open", Boolean(open));
    },
  });
  made.returnValue = "";

  /** @this {HTMLElement} */
  made.showModal = function showModal() {
    if (this.hasAttribute("open")) return;
    before.set(this, document.activeElement);
    this.setAttribute("open", "");
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-modal", "true");
    this.classList.add("stand-in");
    shown.push(this);
    const first = inside(this).find((each) => each.autofocus) ?? inside(this)[0];
    if (!first) this.tabIndex = -1;
    (first ?? this).focus();
  };

  /**
   * @this {any}
   * @param {string} [value]
   */
  made.close = function close(value) {
    if (!this.hasAttribute("open")) return;
    this.removeAttribute("open");
    if (value !== undefined) this.returnValue = value;
    shown.splice(shown.indexOf(this), 1);
    const earlier = before.get(this);
    if (earlier instanceof HTMLElement) earlier.focus();
    setTimeout(() => this.dispatchEvent(new Event("close")));
  };

  /** @param {Element} dialog */
  const inside = (dialog) =>
    /** @type {HTMLInputElement[]} */ ([...dialog.querySelectorAll(FOCUSABLE)]).filter(
      (each) => !each.disabled && each.tabIndex >= 0 && each.getClientRects().length > 0,
    );

  /** The rest of the page is behind the dialog, for the keyboard too. */
  document.addEventListener("focusin", ({ target }) => {
    const top = shown[shown.length - 1];
    if (top && target instanceof Node && !top.contains(target)) (inside(top)[0] ?? top).focus();
  });
  document.addEventListener("keydown", (event) => {
    const top = /** @type {any} */ (shown[shown.length - 1]);
    if (event.key !== "Escape" || !top || event.defaultPrevented) return;
    event.preventDefault();
    if (top.dispatchEvent(new Event("cancel", { cancelable: true }))) top.close();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.getAttribute("method") !== "dialog") return;
    const dialog = /** @type {any} */ (form.closest("dialog"));
    if (event.defaultPrevented || !dialog) return;
    event.preventDefault();
    const { submitter } = /** @type {any} */ (event);
    dialog.close(submitter?.value);
  });
}
