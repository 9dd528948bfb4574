/** The list of time zones: fetched when somebody plans, and shortened by what they search for. */

import { fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";

/** Most places that are shown at once while searching. */
const ROWS = 6;

/**
 * @typedef {[zone: string, label: string, also: string]} Place
 * @typedef {{ near: Place[], others: Place[] }} Places
 */

/**
 * Without accents and case, as people type.
 * @param {string} text
 */
export function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * The places that a search finds: those whose names begin with it first.
 * @param {Place[]} places
 * @param {string} typed
 * @returns {Place[]}
 */
export function matching(places, typed) {
  const wanted = plain(typed).trim();
  /** @type {Place[][]} by how well they match */
  const found = [[], [], []];
  for (const place of places) {
    const [label, also] = [plain(place[1]), plain(place[2])];
    const begins = [label, ...also.split(" ")].some((name) => name.startsWith(wanted));
    const rank = label.startsWith(wanted) ? 0 : begins ? 1 : 2;
    if (rank < 2 || `${label} ${also}`.includes(wanted)) found[rank]?.push(place);
  }
  return found.flat();
}

/**
 * @param {HTMLElement} root has the address of the list
 * @param {() => void} changed another zone is chosen
 * @returns {() => Promise<void>} fetches the list, when it is needed
 */
export function wireZoneList(root, changed) {
  const select = maybe("time_zone", HTMLSelectElement);
  const search = maybe("zone-search", HTMLInputElement);
  const status = maybe("zones-found", HTMLElement);
  const find = maybe("find-zone", HTMLElement);
  if (!select || !search || !status || !find) return async () => {};
  const { none = "", near = "", others = "" } = find.dataset;
  const own = [...select.options].filter((each) => each.parentElement === select);
  /** @type {{ spoken: string, places: Places } | null} */
  let list = null;
  /** Chosen before the search, which chooses what it finds first; empty while nothing is searched. */
  let before = "";

  const offer = (chosen = select.value) => {
    if (!list) return;
    const [shown, typed] = [select.value, search.value.trim()];
    if (typed) {
      const found = matching(all(list.places, own), typed);
      setText(status, found.length ? "" : none);
      select.size = found.length ? Math.max(2, Math.min(ROWS, found.length)) : 0;
      if (!found.length) return;
      select.replaceChildren(...found.map(option));
      select.selectedIndex = 0;
    } else {
      setText(status, "");
      select.size = 0;
      const known = own.map((each) => each.value);
      const rest = (/** @type {Place[]} */ places) =>
        places.filter(([zone]) => !known.includes(zone)).map(option);
      const nearby = rest(list.places.near);
      const groups = nearby.length ? [group(list.spoken, nearby)] : [];
      select.replaceChildren(...own, ...groups, group(others, rest(list.places.others)));
      select.value = chosen;
    }
    if (select.value !== shown) changed();
  };

  const fetchList = async () => {
    const language = maybe("language", HTMLSelectElement);
    const code = language?.value ?? "";
    const name = language?.selectedOptions[0]?.text ?? "";
    const answer = await fetch(`${root.dataset.zones}?${new URLSearchParams({ language: code })}`, {
      headers: { Accept: "application/json" },
    }).catch(() => null);
    /** @type {Places | null} */
    const places = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!places) return;
    list = { spoken: fill(near, { language: name }), places };
    show(find, true);
    offer();
  };

  search.addEventListener("input", (event) => {
    event.stopPropagation(); // it is no field of the form
    before ||= select.value;
    if (search.value.trim()) return offer();
    offer(before); // erased: nothing was chosen
    before = "";
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Enter") close();
    if (event.key === "ArrowDown") select.focus();
  });
  const close = () => {
    [search.value, before] = ["", ""];
    offer();
    select.focus();
  };
  select.addEventListener("click", () => select.size > 1 && close());
  select.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || select.size < 2) return;
    event.preventDefault();
    close();
  });
  maybe("language", HTMLSelectElement)?.addEventListener("change", () => list && void fetchList());
  return async () => {
    if (!list) await fetchList();
  };
}

/**
 * Every place once, by label; UTC is none, but may be chosen.
 * @param {Places} places
 * @param {HTMLOptionElement[]} own
 */
function all({ near, others }, own) {
  const listed = [...near, ...others];
  const known = new Set(listed.map(([zone]) => zone));
  /** @type {Place[]} */
  const rest = own
    .filter(({ value }) => !known.has(value))
    .map((each) => [each.value, each.text, ""]);
  return [...listed, ...rest].sort((one, two) => (plain(one[1]) < plain(two[1]) ? -1 : 1));
}

/** @param {Place} place */
function option([zone, label]) {
  return new Option(label, zone);
}

/**
 * @param {string} label
 * @param {HTMLOptionElement[]} options
 */
function group(label, options) {
  const made = document.createElement("optgroup");
  made.label = label;
  made.append(...options);
  return made;
}
