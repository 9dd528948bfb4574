/** What a browser's refusal of camera or microphone means, and what to do about it. */

import { _ } from "../shared/catalog.js";

/**
 * @param {unknown} error
 * @param {"audio" | "video"} kind
 * @returns {string}
 */
export function deviceProblem(error, kind) {
  const sound = kind === "audio";
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
      return sound
        ? _(
            "This browser does not allow the microphone. Open the settings beside the address, allow it, and test again.",
          )
        : _(
            "This browser does not allow the camera. Open the settings beside the address, allow it, and test again.",
          );
    case "NotFoundError":
      return sound
        ? _("No microphone was found. Connect one, or use a telephone or tablet.")
        : _("No camera was found. You can take part without a picture.");
    case "NotReadableError":
    case "AbortError":
      return sound
        ? _("Another program is using the microphone. Close it and test again.")
        : _("Another program is using the camera. Close it and test again.");
    default:
      return sound
        ? _("The microphone does not work in this browser. Try another browser or device.")
        : _("The camera does not work in this browser. Try another browser or device.");
  }
}
