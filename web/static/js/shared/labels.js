/** Labels of states and roles, as `web/markup/shared/labels.py` has them. */

import { _ } from "./catalog.js";

/** @typedef {"scheduler" | "service_user" | "companion" | "colleague" | "interpreter"} Role */

/** @param {"ready" | "ready_with_limits" | "not_ready" | "not_tested"} readiness */
export function readinessLabel(readiness) {
  return {
    ready: _("Ready"),
    ready_with_limits: _("Ready with limits"),
    not_ready: _("Not ready"),
    not_tested: _("Not tested"),
  }[readiness];
}

/** @param {Role} role */
export function roleLabel(role) {
  return {
    scheduler: _("Leads the session"),
    service_user: _("Service user"),
    companion: _("Companion"),
    colleague: _("Colleague"),
    interpreter: _("Interpreter"),
  }[role];
}

/**
 * Somebody's name, or the role of somebody without one.
 * @param {{ name: string, role?: Role | null }} person
 */
export function shownName({ name, role }) {
  return name || (role ? roleLabel(role) : "");
}
