/** Why a browser gives no microphone, camera or calls, and what to do about it. */

import { _ } from "../../shared/catalog.js";

/** @typedef {import("./devices.js").Kind} Kind */

/**
 * What the browser would do if it were asked for this device now.
 * @param {Kind} kind
 * @returns {Promise<PermissionState | "unknown">}
 */
export async function permission(kind) {
  try {
    const name = /** @type {PermissionName} */ (kind === "audio" ? "microphone" : "camera");
    return (await navigator.permissions.query({ name })).state;
  } catch {
    // Not every browser tells.
    return "unknown";
  }
}

/** @returns {string} why calls are not possible here, and what to do */
export function whyNoCalls() {
  if (!isSecureContext) {
    return _(
      "Camera and microphone only work on a secure page (https). You can still write messages.",
    );
  }
  return _(
    "Calls are not possible in this browser. Open your link in another browser, such as Chrome, Firefox or Safari, or switch off lockdown mode for this page. You can still write messages.",
  );
}

/**
 * What a refusal of the browser means, and what to do about it.
 * @param {string} name of the DOMException
 * @param {Kind | "screen"} kind
 * @param {boolean} [asks] the browser would ask again
 * @returns {string}
 */
export function explain(name, kind, asks = false) {
  if (kind === "screen") return _("The screen cannot be shared from this browser.");
  const sound = kind === "audio";
  switch (name) {
    case "NotAllowedError":
      if (asks) {
        return sound
          ? _("The microphone was not allowed. Press Microphone to be asked again, then allow it.")
          : _("The camera was not allowed. Press Camera to be asked again, then allow it.");
      }
      return sound
        ? _(
            "This browser does not allow the microphone. Allow it in the browser's settings for this page, then press Microphone.",
          )
        : _(
            "This browser does not allow the camera. Allow it in the browser's settings for this page, then press Camera.",
          );
    case "NotFoundError":
      return sound
        ? _("No microphone was found. Connect one, then press Microphone.")
        : _("No camera was found. You can go on without a picture.");
    case "NotReadableError":
    case "AbortError":
      return sound
        ? _("Another program is using the microphone. Close it, then press Microphone.")
        : _("Another program is using the camera. Close it, then press Camera.");
    case "OverconstrainedError":
      return _("This camera cannot be used. Try another one.");
    case "SecurityError":
      return _(
        "Camera and microphone are switched off on this device. You can still write messages.",
      );
    default:
      return sound
        ? _("The microphone does not work at the moment. You can still write messages.")
        : _("The camera does not work at the moment. You can go on without a picture.");
  }
}
