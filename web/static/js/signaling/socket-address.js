/** Where the socket of this page is. */

/** @returns {string} the address in `<body data-socket>` for a WebSocket */
export function socketAddress() {
  const address = new URL(document.body.dataset.socket ?? "/socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
