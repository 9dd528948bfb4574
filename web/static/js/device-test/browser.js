/** Whether this browser can do calls at all, and what is missing. */

import { _ } from "../shared/catalog.js";
import { lacksOf } from "../shared/in-app-browser.js";

/** @type {import("./runner.js").Test} */
export async function testBrowser(report) {
  const lacks = lacksOf(window);
  if (!window.isSecureContext) {
    return report.failed(_("Camera and microphone only work on a secure page (https)."));
  }
  if (lacks.includes("devices")) {
    return report.failed(_("This browser gives pages no camera and no microphone."));
  }
  if (lacks.includes("calls")) return report.failed(_("This browser cannot make calls."));
  return report.passed(_("This browser supports calls."));
}
