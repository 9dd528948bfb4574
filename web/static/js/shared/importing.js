/** Importing what did not arrive at once. */

/** Milliseconds until an import is repeated. */
const PAUSES = [1_000, 3_000, 9_000, 27_000];

/**
 * Browsers remember a failed import. In another folder the same file is another module, and the
 * server serves it there.
 * @param {string} name below web/static/js
 * @param {number} attempt
 * @returns {Promise<any>}
 */
export function importAgain(name, attempt) {
  const folder = import.meta.url.replace(/(-again)?(-\d+)?\/js\/.*/, `-again-${attempt}/js/`);
  return import(`${folder}${name}`);
}

/**
 * Repeat an import until it succeeds; throws what the last one did.
 * @template Module
 * @param {() => Promise<Module>} first
 * @param {string} name see above
 * @returns {Promise<Module>}
 */
export async function patiently(first, name) {
  for (let n = 0; ; n += 1) {
    try {
      return await (n ? importAgain(name, n) : first());
    } catch (error) {
      if (n === PAUSES.length) throw error;
    }
    await new Promise((done) => setTimeout(done, PAUSES[n]));
  }
}
