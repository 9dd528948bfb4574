/** That a session was moved or canceled while its page was open. Loaded when it was. */

import { _, loadFileSentences } from "../shared/catalog.js";
import { byId, inside, maybe, setText } from "../shared/dom.js";
import { dateAndTime, utcOffset } from "../shared/time/format.js";
import { offset } from "../shared/time/local-times.js";
import { serverNow } from "../shared/time/server-clock.js";

/** @import { ConsultationView } from "../signaling/values.js" */

const MINUTE = 60_000;
/** How long before its date the other side of a session may be awaited: as in `labels.py`. */
const SOON = 60 * MINUTE;

/**
 * @param {() => ConsultationView | null} current the session, once its words are there
 * @param {() => void} render what else is said of the session, which depends on its date
 */
export async function showChange(current, render) {
  await loadFileSentences();
  const { state, planned_at } = current() ?? {};
  if (state === "canceled") showCanceled();
  else if (planned_at) {
    showMoved(planned_at);
    render();
  }
}

/** Guests lose their seats at the same time. */
function showCanceled() {
  if (!isGuests()) return;
  for (const id of ["heading", "connection"]) {
    setText(byId(id, HTMLElement), _("This session was canceled."));
  }
}

/** Whether this page is that of somebody who came by link. */
const isGuests = () => maybe("host", HTMLElement) !== null;

/** @param {number} at milliseconds since 1970: shown by the clock of this device, and said to guests */
function showMoved(at) {
  const shown = maybe("planned", HTMLElement);
  const place = shown ?? added();
  const time = inside(place, "time");
  place.dataset.at = String(at);
  time.setAttribute("datetime", new Date(at).toISOString());
  setText(time, dateAndTime(at));
  setText(inside(place, ".zone"), `(${offset(utcOffset(at) / MINUTE)})`);
  const isFar = at - serverNow() > SOON;
  const ahead = isFar ? _("You can still write messages here.") : "";
  byId("other-side", HTMLElement).dataset.ahead = ahead;
  // a session for now had no date, and a page that was opened without a line did not know it
  if (shown && isGuests()) sayMoved(place);
}

/** The date of a session that has had none. */
function added() {
  const place = Object.assign(document.createElement("p"), { id: "planned", className: "hint" });
  const zone = Object.assign(document.createElement("span"), { className: "hint zone" });
  place.append(document.createElement("time"), " ", zone);
  byId("other-side", HTMLElement).before(place);
  return place;
}

/** @param {HTMLElement} place */
function sayMoved(place) {
  if (maybe("moved", HTMLElement)) return;
  const words = Object.assign(document.createElement("p"), {
    id: "moved",
    className: "notice info",
  });
  words.setAttribute("role", "status");
  place.after(words);
  // what was in a live region from the beginning is not read aloud
  requestAnimationFrame(() => setText(words, _("Your session has been moved")));
}
