/**
 * The server's clock. That of a device may be hours off, and may be set while a page is open: then
 * the server is asked anew.
 */

/** What nobody notices, and what a slow line adds. */
const OFF = 300_000;
const SET = 30_000;

/** How far this device is ahead, and when that was found out by both of its clocks. */
let ahead = 0;
let wall = Date.now();
let steady = performance.now();

/**
 * @param {number} now what the server has just said, milliseconds since 1970
 */
export function setServerTime(now) {
  wall = Date.now();
  steady = performance.now();
  if (now) ahead = wall - now;
}

/** @returns {number} milliseconds since 1970, as the server counts them */
export function serverNow() {
  // also after sleep, where one of the two may have stood still
  const jumped = Math.abs(Date.now() - wall - (performance.now() - steady)) > SET;
  if (jumped) void ask();
  return Date.now() - ahead;
}

/** @returns {number} milliseconds by which the clock of this device is wrong; 0 if not by much */
export function clockError() {
  return Math.abs(ahead) > OFF ? Math.abs(ahead) : 0;
}

async function ask() {
  setServerTime(0);
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  setServerTime(Date.parse(answer?.headers.get("Date") ?? ""));
}
