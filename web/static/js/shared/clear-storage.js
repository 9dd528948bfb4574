/** Deleting everything that pages have stored in this browser. */

/** The name of the database of `browser-store.js`. */
export const DATABASE = "teleconnect";

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
}
