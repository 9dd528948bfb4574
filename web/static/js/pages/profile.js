/** "Your profile": trying the ring, and asking the browser about notifications. */

import { _, loadCatalog } from "../shared/catalog.js";
import { byId, setText, show } from "../shared/dom.js";
import { prefer } from "../shared/ring-sounds.js";
import { Ringer } from "../shared/ringer.js";

const sound = byId("ring_sound", HTMLSelectElement);
const volume = byId("ring_volume", HTMLInputElement);
const ringStatus = byId("ring-status", HTMLElement);
const wanted = byId("notifications", HTMLInputElement);
const ask = byId("ask-browser", HTMLButtonElement);
const answer = byId("browser-says", HTMLElement);

/** @type {Ringer | null} made at the first press: before it a page has no sound */
let ringer = null;
/** Whether a press still waits for the browser to allow sound. */
let pressed = false;

byId("test-ring", HTMLButtonElement).addEventListener("click", () => {
  ringer ??= new Ringer(ringOnce);
  pressed = true;
  ringer.unlock();
  ringOnce();
  setText(
    ringStatus,
    volume.value === "0"
      ? _("The volume is zero: nothing rings.")
      : _("You should hear it now. If not, check the sound of this device."),
  );
});

/** Ring as the form says, not as it was saved. */
function ringOnce() {
  if (!ringer || !pressed || ringer.blocked) return;
  pressed = false;
  prefer(ringer, sound.value, Number(volume.value));
  ringer.start();
  ringer.stop();
}

/** What the browser has decided so far, in words. */
function showDecision() {
  const permission = "Notification" in window ? Notification.permission : "missing";
  show(ask, wanted.checked && permission === "default");
  setText(answer, wanted.checked ? decision(permission) : "");
}

/** @param {string} permission */
function decision(permission) {
  switch (permission) {
    case "granted":
      return _("This browser shows them.");
    case "denied":
      return _(
        "This browser does not allow them. You can change that in its settings for this page, beside the address.",
      );
    case "default":
      return _("This browser has not been asked yet.");
    default:
      return _("This browser cannot show them.");
  }
}

ask.addEventListener("click", async () => {
  try {
    await Notification.requestPermission();
  } catch {
    // Refused without a question: the decision below says so.
  }
  showDecision();
});
wanted.addEventListener("change", showDecision);

/** What boot.js waits for. */
export const started = loadCatalog().then(showDecision);
