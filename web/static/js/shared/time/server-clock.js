/**
 * The server's clock. A device's clock may be hours off, and may be set while a page is open: then
 * the server is asked again.
 */

/** Smaller errors are not noticed, or come from a slow network. */
const MIN_ERROR = 300_000;
const MIN_JUMP = 30_000;

/** How far this device is ahead, and when that was measured by both of its clocks. */
let ahead = 0;
let wall = Date.now();
let steady = performance.now();

/**
 * @param {number} now the server's time, milliseconds since 1970
 */
export function setServerTime(now) {
  wall = Date.now();
  steady = performance.now();
  if (now) ahead = wall - now;
}

/** @returns {number} milliseconds since 1970, as the server counts them */
export function serverNow() {
  // Also after sleep, in which one of the clocks may have stopped.
  const jumped = Math.abs(Date.now() - wall - (performance.now() - steady)) > MIN_JUMP;
  if (jumped) void ask();
  return Date.now() - ahead;
}

/** @returns {number} milliseconds by which the clock of this device is wrong; 0 if only by a little */
export function clockError() {
  return Math.abs(ahead) > MIN_ERROR ? Math.abs(ahead) : 0;
}

async function ask() {
  setServerTime(0);
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  setServerTime(Date.parse(answer?.headers.get("Date") ?? ""));
}
