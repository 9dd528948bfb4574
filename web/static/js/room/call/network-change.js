/**
 * Notices when the device has changed its network. Chromium also fires `change` for every new
 * estimate of the speed, once a second on a phone on the move: restarting ICE each time would fill
 * a slow network.
 */

/** Between two networks several changes are fired, and the first ones have no path yet. */
const SETTLE_DELAY = 1_000;

/**
 * @param {EventTarget & { type?: string } | undefined} connection `navigator.connection`, which
 *   has a `type` on phones only
 * @param {EventTarget} page where `online` is fired
 * @param {() => void} onChange
 */
export function onNetworkChange(connection, page, onChange) {
  let type = connection?.type;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_DELAY);
  };
  page.addEventListener("online", settle);
  connection?.addEventListener?.("change", () => {
    if (connection.type === type) return;
    type = connection.type;
    settle();
  });
}
