/** What a device test says about a device, in a word for its reader. */

import { _ } from "./catalog.js";

/** @param {"ready" | "ready_with_limits" | "not_ready" | "not_tested"} readiness */
export function readinessLabel(readiness) {
  return {
    ready: _("Ready"),
    ready_with_limits: _("Ready with limits"),
    not_ready: _("Not ready"),
    not_tested: _("Not tested"),
  }[readiness];
}
