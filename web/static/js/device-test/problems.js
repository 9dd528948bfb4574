/** Why the browser gives the device test no camera or microphone, and what to do about it. */

import { _ } from "../shared/catalog.js";
import { deviceFailure } from "../shared/device-failure.js";

/**
 * @param {unknown} error
 * @param {"audio" | "video"} kind
 * @returns {string}
 */
export function deviceProblem(error, kind) {
  const isAudio = kind === "audio";
  switch (deviceFailure(error)) {
    case "denied":
      return isAudio
        ? _(
            "This browser does not allow the microphone. Open the settings beside the address, allow it, and test again.",
          )
        : _(
            "This browser does not allow the camera. Open the settings beside the address, allow it, and test again.",
          );
    case "missing":
      return isAudio
        ? _("No microphone was found. Connect one, or use a telephone or tablet.")
        : _("No camera was found. You can take part without a picture.");
    case "busy":
      return isAudio
        ? _("Another program is using the microphone. Close it and test again.")
        : _("Another program is using the camera. Close it and test again.");
    default:
      return isAudio
        ? _("The microphone does not work in this browser. Try another browser or device.")
        : _("The camera does not work in this browser. Try another browser or device.");
  }
}
