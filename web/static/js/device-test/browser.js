/** Whether this browser can do calls at all, and whether it is one inside another app. */

import { _ } from "../shared/catalog.js";
import { isInAppBrowser } from "../shared/in-app-browser.js";

/** @type {import("./runner.js").Test} */
export async function testBrowser(report) {
  const canCapture = Boolean(navigator.mediaDevices?.getUserMedia);
  if (isInAppBrowser(navigator.userAgent, window.isSecureContext ? canCapture : true)) {
    return report.warning(
      _(
        "This page is open inside another app. Copy its address and open it in Safari, Chrome or Firefox.",
      ),
    );
  }
  if (!window.isSecureContext) {
    return report.failed(_("Camera and microphone only work on a secure page (https)."));
  }
  if (!canCapture || typeof RTCPeerConnection === "undefined") {
    return report.failed(
      _("This browser is too old for calls. Update it, or use Safari, Chrome or Firefox."),
    );
  }
  return report.passed(_("This browser supports calls."));
}
