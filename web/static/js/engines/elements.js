/** Of documents: `replaceChildren` (DOM), `requestSubmit` and `submitter` (HTML, forms). */

import { addMissing } from "./missing.js";

addMissing([Element.prototype, Document.prototype, DocumentFragment.prototype], {
  /**
   * @this {Element | Document | DocumentFragment}
   * @param {(Node | string)[]} nodes
   */
  replaceChildren(...nodes) {
    while (this.lastChild) this.removeChild(this.lastChild);
    this.append(...nodes);
  },
});

addMissing([HTMLFormElement.prototype], {
  /**
   * @this {HTMLFormElement}
   * @param {HTMLElement} [submitter]
   */
  requestSubmit(submitter) {
    if (submitter) return submitter.click();
    // which checks the fields and tells the page, as submit() does not
    const button = document.createElement("button");
    button.hidden = true;
    this.append(button);
    button.click();
    button.remove();
  },
});

if (!("submitter" in Event.prototype) && !("SubmitEvent" in window)) {
  /** @type {Element | null} */
  let pressed = null;
  const note = (/** @type {Event} */ { target }) => {
    pressed = target instanceof Element ? target.closest("button, input[type=submit]") : null;
  };
  addEventListener("click", note, true);
  addEventListener("keydown", () => (pressed = null), true);
  Object.defineProperty(Event.prototype, "submitter", {
    configurable: true,
    get() {
      const belongs = pressed && /** @type {HTMLButtonElement} */ (pressed).form === this.target;
      return this.type === "submit" && belongs ? pressed : null;
    },
  });
}
