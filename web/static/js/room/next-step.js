/** Where the keyboard goes on when what had the focus is gone: to the next step. */

import { maybe } from "../shared/dom.js";

/** The first of these that can be pressed is it. */
const STEPS = [
  "use-here",
  "accept-call",
  "microphone",
  "join-call",
  "start-video",
  "start-session",
  "resume-session",
  "export-report",
];

export class NextStep {
  /** @type {EventTarget | null} */
  #last = null;

  constructor() {
    addEventListener("focusin", ({ target }) => (this.#last = target));
  }

  /** Nobody who writes is interrupted: the focus is moved only when it was lost. */
  focus() {
    const { activeElement } = document;
    const last = this.#last;
    if (!(last instanceof HTMLElement) || isShown(last)) return;
    if (activeElement !== document.body && activeElement !== last) return;
    STEPS.map((id) => maybe(id, HTMLElement))
      .find((step) => step && isShown(step))
      ?.focus();
  }
}

/** @param {HTMLElement} element */
const isShown = (element) => element.getClientRects().length > 0 && !element.matches(":disabled");
