/** The socket that the page's first script (`js/first.js`) or the landing page has opened, if it could. */

/**
 * @typedef {object} EarlySocket
 * @property {WebSocket} socket whose hello is in its address, or said by `room/joining.js`
 * @property {string} peerId of that hello
 * @property {string[]} frames received so far
 * @property {number} code with which it was closed; 0 while it is not
 */

/**
 * Only the first caller gets it: whoever takes it reads on from there.
 * @returns {EarlySocket | null}
 */
export function takeEarlySocket() {
  const page = /** @type {any} */ (window);
  const early = page.earlySocket ?? null;
  page.earlySocket = null;
  return early;
}
