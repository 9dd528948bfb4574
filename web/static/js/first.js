/**
 * Opens the socket of a guest's session page, before anything else of the page is there. The page holds
 * this script in its head, where no file has to be waited for; `signaling/early-socket.js` hands the
 * socket over to the channel. Where it fails, the channel opens one as it always does.
 *
 * A page that came as the answer to "Join the session" first gets the address of its seat.
 */
{
  /** A page whose scripts have not started by then does not: nobody is to be shown as there. */
  const GIVE_UP_AFTER = 60_000;
  const here = /** @type {any} */ (window);
  /** @type {DOMStringMap} */
  const {
    seat = "",
    socket: path = "",
    hello = "",
  } = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;

  if (location.pathname !== seat) history.replaceState(null, "", seat);
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    const peerId = Array.from(bytes, (byte) => `0${byte.toString(16)}`.slice(-2)).join("");
    const message = { ...JSON.parse(hello), peer_id: peerId };
    // the same question as in room/call/can-call.js
    const devices = navigator.mediaDevices;
    if (!("RTCPeerConnection" in window && devices && devices.getUserMedia)) message.calls = false;
    const address = new URL(path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = `?hello=${encodeURIComponent(JSON.stringify(message))}`;
    const socket = new WebSocket(address.href);
    /** @type {import("./signaling/early-socket.js").EarlySocket} */
    const early = { socket, peerId, frames: [], code: 0 };
    socket.onmessage = ({ data }) => early.frames.push(data);
    socket.onclose = ({ code }) => (early.code = code);
    here.earlySocket = early;
    setTimeout(() => here.earlySocket === early && socket.close(), GIVE_UP_AFTER);
  } catch (error) {
    console.warn("no early socket", error);
  }
}
