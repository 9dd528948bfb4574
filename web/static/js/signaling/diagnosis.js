/**
 * Why a page gets no live line: browsers do not tell it, and the server may know. Loaded only when
 * sockets fail again and again; if plain HTTP fails as well, the line is just down.
 */

/**
 * @typedef {object} Reason
 * @property {string} text
 * @property {string} [address] where the page works, if it does not under this name
 */

/** @returns {Promise<Reason | null>} null: nothing is known */
export async function reason() {
  const address = new URL(document.body.dataset.socket ?? "", location.href);
  address.search = new URLSearchParams({
    from: location.origin,
    language: document.documentElement.lang,
  }).toString();
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/**
 * Say it, if anything is known by the time that it still matters.
 * @param {HTMLElement} place
 * @param {(reason: Reason) => boolean} matters
 */
export async function showDiagnosis(place, matters) {
  const found = await reason();
  if (!found || !matters(found)) return;
  place.textContent = found.text;
  place.hidden = false;
  if (!found.address) return;
  const link = document.createElement("a");
  link.href = link.textContent = found.address + location.pathname;
  place.append(" ", link);
}
