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
  const page = /** @type {any} */ (window);
  const given = /** @type {HTMLScriptElement} */ (document.currentScript).dataset;
  const { location, navigator } = window;

  if (location.pathname !== given.seat) history.replaceState(null, "", given.seat);
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    const hello = JSON.parse(given.hello ?? "");
    hello.peer_id = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
    // the same question as in room/call/can-call.js
    if (!page.RTCPeerConnection || !navigator.mediaDevices?.getUserMedia) hello.calls = false;
    const origin = location.origin.replace("http", "ws");
    const socket = new WebSocket(
      `${origin}${given.socket}&hello=${encodeURIComponent(JSON.stringify(hello))}`,
    );
    /** @type {import("./signaling/early-socket.js").EarlySocket} */
    const early = { socket, peerId: hello.peer_id, frames: [], code: 0 };
    socket.onmessage = ({ data }) => early.frames.push(data);
    socket.onclose = ({ code }) => (early.code = code);
    page.earlySocket = early;
    setTimeout(() => page.earlySocket === early && socket.close(), GIVE_UP_AFTER);
  } catch (error) {
    console.warn("no early socket", error);
  }
}
