/** Deleting everything that pages have stored in this browser, and whether there is anything. */

/** The name of the database of `browser-store.js`. */
export const DATABASE = "teleconnect";

/**
 * Whether an earlier page has stored something. Where the browser does not say, it is assumed.
 * @returns {Promise<boolean>}
 */
export function isStored() {
  return new Promise((resolve) => {
    setTimeout(() => resolve(true), 2_000);
    try {
      if (sessionStorage.length) resolve(true);
      const request = indexedDB.open(DATABASE);
      // There was none, and none is to be left.
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onerror = () => resolve(false);
      request.onsuccess = () => {
        request.result.close();
        resolve(true);
      };
    } catch {
      resolve(false);
    }
  });
}

/** Remove what pages have stored, also in browsers without Clear-Site-Data. */
export function clearStorage() {
  try {
    sessionStorage.clear();
    localStorage.clear();
  } catch {
    // Where storage is forbidden nothing was stored.
  }
  try {
    // Pages that have it open close it; see BrowserStore.
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // The same.
  }
  // Workers of seats delete what they have kept; see js/worker/seat.js.
  void navigator.serviceWorker?.getRegistrations().then(
    (all) => all.forEach((one) => one.active?.postMessage({ type: "forget" })),
    () => {},
  );
}
