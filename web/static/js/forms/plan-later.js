/** "Plan later": the next half hour, the choice of zones, both clocks, and hours that occur twice. */

import { fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";
import { warnOfClock } from "../shared/time/local-times.js";
import { serverNow } from "../shared/time/server-clock.js";
import { nextHalfHour, otherReading } from "../shared/time/zones.js";
import { wireZoneList } from "./zone-list.js";

/** Waits for a pause in typing. */
const REQUEST_DELAY = 300;

/**
 * @typedef {object} Clocks
 * @property {string} clocks
 * @property {boolean} twice
 * @property {number} [at]
 * @property {Record<string, string>} [readings]
 * @property {Record<string, string>} [cities] zone -> what it is called
 */

/** @param {HTMLFormElement} form */
export function wirePlanLater(form) {
  const place = form.querySelector("[data-clocks]");
  if (!(place instanceof HTMLElement)) return;
  const { clocks = "" } = place.dataset;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let requests = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void request(), REQUEST_DELAY);
  };
  const fetchZones = wireZoneList(place, () => {
    suggest(place);
    later();
  });
  const request = async () => {
    const number = ++requests;
    if (!isPlanned()) return render(NOTHING);
    warnOfClock();
    await fetchZones();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (FIELDS.includes(name)) fields.append(name, String(value));
    }
    if (!fields.get("date") || !fields.get("time")) return render(NOTHING);
    const answer = await fetchJson(`${clocks}?${fields}`);
    // Later input has a request of its own.
    if (number === requests) render(answer ?? NOTHING);
  };
  place.addEventListener("input", ({ target }) => {
    const name = target instanceof Element ? target.getAttribute("name") : "";
    if (name === "date" || name === "time") delete place.dataset.suggested;
    if (name === "plan_later" || name === "time_zone") suggest(place);
    later();
  });
  void request();
}

const FIELDS = ["date", "time", "time_zone", "occurrence"];

/** @type {Clocks} */
const NOTHING = { clocks: "", twice: false };

function isPlanned() {
  const plan = maybe("plan_later", HTMLInputElement);
  return plan === null || plan.checked;
}

/**
 * The next half hour by the clock of the chosen zone, until somebody types a date or a time.
 * @param {HTMLElement} place
 */
function suggest(place) {
  const [date, time] = [maybe("date", HTMLInputElement), maybe("time", HTMLInputElement)];
  const zone = maybe("time_zone", HTMLSelectElement);
  if (place.dataset.suggested === undefined || !date || !time || !zone) return;
  const [day, clock] = nextHalfHour(serverNow(), zone.value).split(" ");
  if (!day || !clock) return; // this browser does not know the zone
  [date.value, time.value] = [day, clock];
}

/** @param {string} address */
async function fetchJson(address) {
  const got = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  return got?.ok ? got.json().catch(() => null) : null;
}

/** @param {Clocks} answer */
function render({ clocks, twice, at, readings, cities }) {
  show(maybe("twice", HTMLElement), twice);
  const place = maybe("clocks", HTMLElement);
  if (place) setText(place, clocks);
  const warning = maybe("other-rules", HTMLElement);
  if (!warning) return;
  const other = at !== undefined && readings ? otherReading(at, readings) : null;
  const told = other && { time: other.time, zone: cities?.[other.zone] ?? other.zone };
  setText(warning, told ? fill(warning.dataset.sentence ?? "", told) : "");
  show(warning, other !== null);
}
