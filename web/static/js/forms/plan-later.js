/** "Plan later": the zones to choose from, both clocks, and the hour that comes twice. */

import { fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";
import { warnOfClock } from "../shared/time/local-times.js";
import { otherReading } from "../shared/time/zones.js";

/** Somebody is still typing. */
const ASK_AFTER = 300;

/** @typedef {{ clocks: string, twice: boolean, at?: number, readings?: Record<string, string> }} Clocks */

/** @param {HTMLFormElement} form */
export function wirePlanLater(form) {
  const place = form.querySelector("[data-clocks]");
  if (!(place instanceof HTMLElement)) return;
  const { clocks = "", zones } = place.dataset;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;
  const ask = async () => {
    const number = ++asked;
    warnOfClock();
    if (zones && place.dataset.zones) await offerZones(place, zones);
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (ABOUT.includes(name)) fields.append(name, String(value));
    }
    if (!fields.get("date") || !fields.get("time")) return render(NOTHING);
    const told = await answer(`${clocks}?${fields}`);
    // What was typed meanwhile is asked for by itself.
    if (number === asked) render(told ?? NOTHING);
  };
  place.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), ASK_AFTER);
  });
  void ask();
}

const ABOUT = ["date", "time", "time_zone", "occurrence"];

/** @type {Clocks} */
const NOTHING = { clocks: "", twice: false };

/** @param {string} address */
async function answer(address) {
  const got = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  return got?.ok ? got.json().catch(() => null) : null;
}

/**
 * Asked for once somebody plans: the pages that hold the form as a dialog stay small.
 * @param {HTMLElement} place
 * @param {string} address
 */
async function offerZones(place, address) {
  const plan = maybe("plan_later", HTMLInputElement);
  const select = maybe("time_zone", HTMLSelectElement);
  if (!select || (plan?.type === "checkbox" && !plan.checked)) return;
  /** @type {string[] | null} */
  const offered = await answer(address);
  if (!offered) return;
  delete place.dataset.zones;
  const chosen = select.value;
  const all = [...new Set([...select.options].map((option) => option.value).concat(offered))];
  select.replaceChildren(
    ...all
      .sort()
      .map((zone) => new Option(zone.replaceAll("_", " "), zone, false, zone === chosen)),
  );
}

/** @param {Clocks} told */
function render({ clocks, twice, at, readings }) {
  show(maybe("twice", HTMLElement), twice);
  const place = maybe("clocks", HTMLElement);
  if (place) setText(place, clocks);
  const warning = maybe("other-rules", HTMLElement);
  if (!warning) return;
  const other = at !== undefined && readings ? otherReading(at, readings) : null;
  setText(warning, other ? fill(warning.dataset.sentence ?? "", other) : "");
  show(warning, other !== null);
}
