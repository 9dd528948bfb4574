/** That a session was moved or canceled while its page was open. Loaded when it was. */

import { _ } from "../shared/catalog.js";
import { byId, inside, maybe, setText, show } from "../shared/dom.js";
import { dateAndTime, utcOffset } from "../shared/time/format.js";
import { offset } from "../shared/time/local-times.js";
import { serverNow } from "../shared/time/server-clock.js";

/** @import { Room } from "./state.js" */

const MINUTE = 60_000;
/** How long before its date the other side of a session may be awaited: as in `labels.py`. */
const SOON = 60 * MINUTE;

/**
 * @param {Room} room
 * @returns {boolean} whether what else is said of the session depends on it
 */
export function showChange({ consultation }) {
  if (consultation?.state === "canceled") showCanceled();
  else if (consultation?.planned_at) showMoved(consultation.planned_at);
  return consultation?.state !== "canceled";
}

/** Guests lose their seats at the same time. */
function showCanceled() {
  if (!maybe("moved", HTMLElement)) return;
  for (const id of ["heading", "connection"]) {
    setText(byId(id, HTMLElement), _("This session was canceled."));
  }
}

/** @param {number} at milliseconds since 1970: shown by the clock of this device, and said to guests */
function showMoved(at) {
  const place = byId("planned", HTMLElement);
  const time = inside(place, "time");
  // a page that was opened without a line did not know the date
  const isAnother = "at" in place.dataset;
  place.dataset.at = String(at);
  time.setAttribute("datetime", new Date(at).toISOString());
  setText(time, dateAndTime(at));
  setText(inside(place, ".zone"), `(${offset(utcOffset(at) / MINUTE)})`);
  const isFar = at - serverNow() > SOON;
  const ahead = isFar ? _("You can still write messages here.") : "";
  byId("other-side", HTMLElement).dataset.ahead = ahead;
  show(place, true);
  show(maybe("moved", HTMLElement), isAnother);
}
