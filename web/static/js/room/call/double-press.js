/**
 * The second press of a double one does what the first one was for, or nothing: what has come under
 * the finger meanwhile was not meant, be it "Hang up" after "Start audio call".
 */

/** @type {Element | null} */
let pressed = null;

/** @param {MouseEvent} event */
function follow(event) {
  const { target, detail } = event;
  const button = target instanceof Element ? target.closest("a, button, summary") : null;
  if (detail > 1 && button && button !== pressed) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else pressed = button;
}

/** From now on, on the whole page. */
export function ignoreStrayPresses() {
  document.addEventListener("click", follow, { capture: true });
}
