/** Why a page has lost its seat for good, in words. */

import { _ } from "../shared/catalog.js";

/**
 * @param {string} reason why the server, or the channel, ended the connection
 * @param {boolean} isScheduler whether the seat is the scheduler's
 * @param {boolean} isHere whether another tab of this browser has taken it
 * @returns {string} a sentence for the reader
 */
export function endSentence(reason, isScheduler, isHere) {
  switch (reason) {
    case "replaced":
      return isHere
        ? _("This session continues in another tab")
        : _("This session continues on another device");
    case "sign_in_required":
      return isScheduler
        ? _("You are signed out. Please sign in again.")
        : _("Your time on this page is over. To come back, open your link again.");
    case "not_found":
    case "closed":
    case "gone":
      return _("This session is over.");
    case "too_many_requests":
      return _("Too many attempts. Please wait a few minutes and try again.");
    default:
      return _("This page is out of date. Please reload it.");
  }
}
