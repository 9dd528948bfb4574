/** What every page does for its reader: the language switch, and telling the server their zone. */

import { deviceZone } from "../shared/time/local-times.js";
import { setServerTime } from "../shared/time/server-clock.js";

const YEAR = 365 * 24 * 3600;

/** Choosing a language is enough where scripts run. */
function submitLanguageOnChange() {
  const choice = document.getElementById("interface-language");
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.form?.classList.add("scripted");
  choice.addEventListener("change", () => choice.form?.submit());
}

/**
 * A language by its own name, as the language switch writes it.
 * @param {string} code
 */
export function languageName(code) {
  const choice = document.getElementById("interface-language");
  if (!(choice instanceof HTMLSelectElement)) return code;
  return [...choice.options].find((option) => option.value === code)?.text ?? code;
}

/** The next page shows its times in this zone. */
function storeTimeZone() {
  const zone = deviceZone();
  if (zone) document.cookie = `time_zone=${zone}; path=/; max-age=${YEAR}; samesite=lax`;
}

/** What pages have kept in this browser goes, also where it does not know Clear-Site-Data. */
export function clearStorage() {
  try {
    sessionStorage.clear();
    localStorage.clear();
  } catch {
    // Where storage is forbidden nothing was kept.
  }
}

export function setUpPage() {
  document.documentElement.dataset.scripts ??= "running";
  setServerTime(Number(document.body.dataset.now ?? 0));
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLElement && "leave" in target.dataset) clearStorage();
  });
  if ("forget" in document.body.dataset) clearStorage();
  submitLanguageOnChange();
  storeTimeZone();
}
