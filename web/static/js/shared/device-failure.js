/** Why a browser did not open a microphone, camera or screen, by the name of its exception. */

/**
 * @typedef {"denied" | "missing" | "busy" | "unsuitable" | "disabled" | "unknown"} DeviceFailure
 */

/** @type {Record<string, DeviceFailure>} DOMException names of getUserMedia (W3C mediacapture) */
const FAILURES = {
  NotAllowedError: "denied",
  NotFoundError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
  OverconstrainedError: "unsuitable",
  SecurityError: "disabled",
};

/**
 * @param {unknown} error
 * @returns {DeviceFailure}
 */
export function deviceFailure(error) {
  return (error instanceof Error && FAILURES[error.name]) || "unknown";
}
