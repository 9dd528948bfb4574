/**
 * Whether this device stands on another network than before. Chromium fires `change` for each new
 * estimate of the speed too, once a second on a moving phone: connections that look for new paths
 * each time would fill a slow line with that.
 */

/** Between two networks there are several changes, and none of them has a path yet. */
const SETTLED_AFTER = 1_000;

/**
 * @param {EventTarget & { type?: string } | undefined} connection `navigator.connection`, which
 *   tells its `type` on phones only
 * @param {EventTarget} page where `online` is told
 * @param {() => void} act
 */
export function onNetworkChange(connection, page, act) {
  let type = connection?.type;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(act, SETTLED_AFTER);
  };
  page.addEventListener("online", soon);
  connection?.addEventListener?.("change", () => {
    if (connection.type === type) return;
    type = connection.type;
    soon();
  });
}
