/** The menu of narrow screens, where its entries do not fit beside the name. */

import { byId, maybe } from "./dom.js";

export function setUpMenu() {
  const button = maybe("menu", HTMLButtonElement);
  if (!button) return;
  const top = byId("top", HTMLElement);
  /** @param {boolean} open */
  const turn = (open) => {
    top.toggleAttribute("data-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => turn(!top.hasAttribute("data-open")));
  top.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !top.hasAttribute("data-open")) return;
    turn(false);
    button.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (target instanceof Node && !top.contains(target)) turn(false);
  });
}
