/** A link or form that leads away from a running call asks first. */

import { byId } from "../../shared/dom.js";

/**
 * @param {() => boolean} isInCall
 * @param {() => void} hangUp the others are not left with a frozen picture
 */
export function askBeforeLeaving(isInCall, hangUp) {
  const dialog = byId("leave-call", HTMLDialogElement);
  let isLeaving = false;
  /** @type {() => void} */
  let leave = () => {};

  /**
   * @param {Event} event
   * @param {() => void} again
   */
  function ask(event, again) {
    if (isLeaving || !isInCall()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leave = again;
    // Escape keeps the return value: without this the last answer would count again.
    dialog.returnValue = "";
    dialog.showModal();
  }

  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "leave") return;
    isLeaving = true;
    if (isInCall()) hangUp();
    leave();
  });
  addEventListener(
    "click",
    (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (link && leadsAway(link, event)) ask(event, () => link.click());
    },
    { capture: true },
  );
  addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      // the property says "get" in browsers that know no dialogs
      const isOwn = form instanceof HTMLFormElement && form.getAttribute("method") !== "dialog";
      if (!isOwn) return;
      ask(event, () => {
        // missing in browsers of before 2022
        if (form.requestSubmit) form.requestSubmit(event.submitter);
        else form.submit();
      });
    },
    { capture: true },
  );
}

/**
 * Whether this page would be left.
 * @param {HTMLAnchorElement} link
 * @param {MouseEvent} event
 */
function leadsAway(link, event) {
  const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link.target === "_blank";
  const isHere = link.pathname === location.pathname && link.hash !== "";
  return link.href !== "" && !isElsewhere && !isHere && !link.download;
}
