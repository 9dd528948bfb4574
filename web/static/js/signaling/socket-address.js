/** The address of this page's WebSocket. */

/** @returns {string} the address in `<body data-socket>`, as ws: or wss: */
export function socketAddress() {
  const address = new URL(document.body.dataset.socket ?? "/socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
