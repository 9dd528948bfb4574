/** Why this browser gives no microphone, camera or calls, and what its reader can do about it. */

import { _ } from "../../shared/catalog.js";

/** @import { DeviceFailure } from "../../shared/device-failure.js" */
/** @typedef {"audio" | "video"} Kind */

/**
 * The state of the permission for this device.
 * @param {Kind} kind
 * @returns {Promise<PermissionState | "unknown">}
 */
export async function permission(kind) {
  try {
    const name = /** @type {PermissionName} */ (kind === "audio" ? "microphone" : "camera");
    return (await navigator.permissions.query({ name })).state;
  } catch {
    // Not every browser knows these names.
    return "unknown";
  }
}

/** @returns {string} why calls are not possible here, and what to do about it */
export function whyNoCalls() {
  if (!isSecureContext) {
    return _(
      "Camera and microphone only work on a secure page (https). You can still write messages.",
    );
  }
  return _(
    "Calls are not possible in this browser. Use another one, or switch off lockdown mode for this page. You can still write messages.",
  );
}

/**
 * What a failure means, and what to do about it.
 * @param {DeviceFailure} failure
 * @param {Kind | "screen"} kind
 * @param {boolean} [asks] the browser would prompt again
 * @returns {string}
 */
export function explain(failure, kind, asks = false) {
  if (kind === "screen") return _("The screen cannot be shared from this browser.");
  const isAudio = kind === "audio";
  switch (failure) {
    case "denied":
      if (asks) {
        return isAudio
          ? _("The microphone was not allowed. Press Microphone to be asked again, then allow it.")
          : _("The camera was not allowed. Press Camera to be asked again, then allow it.");
      }
      return isAudio
        ? _(
            "This browser does not allow the microphone. Allow it in the browser's settings for this page, then press Microphone.",
          )
        : _(
            "This browser does not allow the camera. Allow it in the browser's settings for this page, then press Camera.",
          );
    case "missing":
      return isAudio
        ? _("No microphone was found. Connect one, then press Microphone.")
        : _("No camera was found. You can go on without a picture.");
    case "busy":
      return isAudio
        ? _("Another program is using the microphone. Close it, then press Microphone.")
        : _("Another program is using the camera. Close it, then press Camera.");
    case "unsuitable":
      return _("This camera cannot be used. Try another one.");
    case "disabled":
      return _(
        "Camera and microphone are switched off on this device. You can still write messages.",
      );
    default:
      return isAudio
        ? _("The microphone does not work at the moment. You can still write messages.")
        : _("The camera does not work at the moment. You can go on without a picture.");
  }
}
