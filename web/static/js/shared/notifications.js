/**
 * Desktop notifications of arrivals, and the question whether to show them. They name nobody: any
 * passer-by may read them.
 */

import { _ } from "./catalog.js";
import { byId, maybe, show } from "./dom.js";

/** Set once it has rung on a page that nobody could see. */
const MISSED = "missed-ring";

/** Whether the profile says so. */
const wanted = document.body.dataset.notifications === "on";
/** Whether the question was not answered with "Not now" before, in whichever browser. */
let offered = document.body.dataset.offerNotifications === "on";

const card = maybe("notify", HTMLElement);

/** @returns {boolean} whether it rang before on a page that nobody could see */
function hasMissed() {
  try {
    return localStorage.getItem(MISSED) !== null;
  } catch {
    return false;
  }
}

/** It rings; on a page that nobody can see a notification would have been of use. */
export function rang() {
  if (document.visibilityState === "visible") return;
  try {
    localStorage.setItem(MISSED, "");
  } catch {
    // Where storage is forbidden only the other moment remains.
  }
}

/** Ask when it is worth it: after a ring in vain, or where somebody invited is awaited. */
export function offer() {
  const open = wanted && offered && "Notification" in window;
  const awaited = maybe("copy-link", HTMLElement) ?? document.querySelector("#planned .row");
  show(card, open && Notification.permission === "default" && (hasMissed() || awaited !== null));
}

/** @param {boolean} silent whether the system, too, makes no sound */
export function announce(silent) {
  if (!wanted || document.visibilityState === "visible") return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(_("Somebody is in the waiting room"), {
      tag: "waiting",
      silent,
    });
    shown.onclick = () => window.focus();
  } catch {
    // Phones only allow notifications from a service worker.
  }
}

if (card) {
  byId("allow-notifications", HTMLButtonElement).addEventListener("click", async () => {
    try {
      await Notification.requestPermission();
    } catch {
      // Refused without a question.
    }
    offer();
  });
  byId("no-notifications", HTMLButtonElement).addEventListener("click", ({ currentTarget }) => {
    offered = false;
    offer();
    if (!(currentTarget instanceof HTMLElement)) return;
    const address = currentTarget.dataset.post ?? "";
    // If it is not heard, the question comes again.
    fetch(address, { method: "POST", redirect: "manual" }).catch(() => {});
  });
  document.addEventListener("visibilitychange", offer);
}
