/**
 * Why WebSockets fail here: browsers do not say, but the server may know. Only loaded when sockets
 * fail repeatedly; if plain HTTP fails as well, there is just no network.
 */

/**
 * @typedef {object} Reason
 * @property {string} text
 * @property {string} [address] where the page works, if it does not under this host name
 */

/** @returns {Promise<Reason | null>} null if nothing is known */
export async function diagnose() {
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
 * Show the reason, if there is one and it still matters when it is known.
 * @param {HTMLElement} element
 * @param {(diagnose: Reason) => boolean} matters
 */
export async function showDiagnosis(element, matters) {
  const found = await diagnose();
  if (!found || !matters(found)) return;
  element.textContent = found.text;
  element.hidden = false;
  if (!found.address) return;
  const link = document.createElement("a");
  link.href = link.textContent = found.address + location.pathname;
  element.append(" ", link);
}
