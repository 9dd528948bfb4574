/**
 * Which account is signed in in this browser: each page of somebody who is signed in tells the other
 * tabs. What it writes is the id of the account, which grants nothing.
 */

import { clearStorage } from "./clear-storage.js";
import { newId } from "./identifier.js";

const KEY = "signed-in";

/** @param {string | null} value */
const accountIn = (value) => value?.split(" ")[0] ?? "";

/** @returns {string} the account of the page that was opened last; empty if that is not known */
export function lastAccount() {
  try {
    return accountIn(localStorage.getItem(KEY));
  } catch {
    return "";
  }
}

/**
 * Tell the other tabs. What pages of another account have kept in this browser is deleted.
 * @param {string} account
 */
export function tellSignedIn(account) {
  const before = lastAccount();
  if (before && before !== account) clearStorage();
  try {
    localStorage.setItem(KEY, `${account} ${newId()}`); // new, or the other tabs hear nothing
  } catch {
    // Storage may be forbidden: whoever signs in again reloads their pages.
  }
}

/** @param {(account: string) => void} action called when another tab has a page of somebody signed in */
export function whenSignedIn(action) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY && newValue) action(accountIn(newValue));
  });
}
