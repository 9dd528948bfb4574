/** What every page does: the language switch, and the reader's time zone for the server. */

import { clearStorage } from "../shared/clear-storage.js";
import { deviceZone } from "../shared/time/local-times.js";
import { setServerTime } from "../shared/time/server-clock.js";

const YEAR = 365 * 24 * 3600;

/** With scripts, choosing a language needs no button. */
function submitLanguageOnChange() {
  const choice = document.getElementById("interface-language");
  if (!(choice instanceof HTMLSelectElement)) return;
  choice.form?.classList.add("scripted");
  choice.onchange = () => choice.form?.submit();
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

/** The server shows the times of the next page in this zone. */
function storeTimeZone() {
  const zone = deviceZone();
  if (zone) document.cookie = `time_zone=${zone}; path=/; max-age=${YEAR}; samesite=lax`;
}

async function leftBehind() {
  const { showLeftBehind } = await import("../shared/left-behind.js");
  await showLeftBehind();
}

export function setUpPage() {
  document.documentElement.dataset.scripts ??= "running";
  setServerTime(Number(document.body.dataset.now ?? 0));
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLElement && "leave" in target.dataset) clearStorage();
  });
  if ("forget" in document.body.dataset) clearStorage();
  if ("over" in document.body.dataset) void leftBehind();
  submitLanguageOnChange();
  storeTimeZone();
}
