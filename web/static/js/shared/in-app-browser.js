/**
 * What a browser lacks that ours needs, by what it can do. Browsers inside messaging apps, old ones and
 * those with a lockdown mode lack some of it. Which app it is, the server reads in the User-Agent, to
 * name the way out.
 */

/** @typedef {"devices" | "calls" | "unsure" | "storage" | "files"} Lack */

/**
 * @param {Window} page
 * @returns {Lack[]} empty where all works; where a page without TLS has no devices, that is no lack of
 *   the browser
 */
export function lacksOf(page) {
  /** @type {Lack[]} */
  const lacks = [];
  if (page.isSecureContext && !page.navigator.mediaDevices?.getUserMedia) lacks.push("devices");
  if (!("RTCPeerConnection" in page)) lacks.push("calls");
  if (!canStore(page)) lacks.push("storage");
  if (!canChooseFiles(page.document)) lacks.push("files");
  return lacks;
}

/**
 * Whether the app around this browser might let it use neither camera nor microphone: an Android
 * WebView asks the app, which by default refuses, and some apps never answer.
 * @param {Window} page
 * @returns {Promise<boolean>}
 */
export async function mayBeRefused({ navigator }) {
  try {
    const name = /** @type {PermissionName} */ ("camera");
    return (await navigator.permissions.query({ name })).state !== "granted";
  } catch {
    return true; // WebViews have no such question
  }
}

/** @param {Window} page */
function canStore(page) {
  try {
    return Boolean(page.sessionStorage && page.localStorage);
  } catch {
    return false; // forbidden: even looking at it throws
  }
}

/** @param {Document} document */
function canChooseFiles(document) {
  const input = document.createElement("input");
  input.type = "file";
  return input.type === "file" && !input.disabled;
}
