/** "Plan later": the zones to choose from, both clocks, and the hour that comes twice. */

import { _, fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";
import { warnOfClock } from "../shared/local-times.js";
import { clockIn, knownZones, moments } from "../shared/zones.js";

/** @param {HTMLFormElement} form */
export function wireMoment(form) {
  const zone = maybe("time_zone", HTMLSelectElement);
  const own = form.querySelector("[data-own-zone]");
  if (!zone || !(own instanceof HTMLElement)) return;
  const ownZone = own.dataset.ownZone ?? "UTC";
  offerZones(zone);
  const render = () => {
    warnOfClock();
    showClocks(zone.value, ownZone);
  };
  for (const id of ["date", "time", "time_zone"]) {
    document.getElementById(id)?.addEventListener("input", render);
  }
  render();
}

/** @param {HTMLSelectElement} select */
function offerZones(select) {
  const chosen = select.value;
  const there = new Set([...select.options].map((option) => option.value));
  const missing = knownZones().filter((zone) => !there.has(zone));
  if (!missing.length) return;
  const all = [...there, ...missing].sort();
  select.replaceChildren(
    ...all.map((zone) => new Option(zone.replaceAll("_", " "), zone, false, zone === chosen)),
  );
}

/**
 * @param {string} id
 * @param {RegExp} form
 */
function typed(id, form) {
  const { value = "" } = maybe(id, HTMLInputElement) ?? {};
  return form.test(value) ? value : "";
}

/**
 * @param {string} zone of the session
 * @param {string} ownZone of the scheduler
 */
function showClocks(zone, ownZone) {
  // where a browser has no pickers, the server reads what else people write
  const date = typed("date", /^\d{4}-\d\d-\d\d$/);
  const time = typed("time", /^\d\d:\d\d/);
  const found = date && time ? moments(date, time, zone) : [];
  show(maybe("twice", HTMLElement), found.length > 1);
  const place = maybe("clocks", HTMLElement);
  if (place) setText(place, date && time ? sentence(found, zone, ownZone) : "");
}

/**
 * @param {number[]} found
 * @param {string} zone
 * @param {string} ownZone
 */
function sentence(found, zone, ownZone) {
  const [at] = found;
  if (at === undefined) {
    return _("The clocks go forward that night: this time does not exist. Choose another one.");
  }
  const there = fill(_("%(time)s in %(zone)s"), {
    time: clockIn(at, zone),
    zone: zone.replaceAll("_", " "),
  });
  if (zone === ownZone) return there;
  const here = fill(_("For you: %(time)s"), { time: clockIn(at, ownZone) });
  return `${there} · ${here}`;
}
