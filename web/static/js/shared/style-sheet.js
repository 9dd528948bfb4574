/** Style sheets that are loaded when what they are for is used. */

/** @type {Map<string, Promise<void>>} address -> loading */
const sheets = new Map();

/**
 * Add a style sheet to the page, once.
 * @param {string} name of a file in `css`
 * @returns {Promise<void>} rejected if it does not load; then it may be tried again
 */
export function styleSheet(name) {
  const href = import.meta.url.replace(/\/js\/.*/, `/css/${name}`);
  const known = sheets.get(href);
  if (known) return known;
  /** @type {Promise<void>} */
  const loading = new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = () => resolve();
    link.onerror = () => {
      sheets.delete(href);
      link.remove();
      reject(new Error(`${name} does not load`));
    };
    // after the page's own, wherever those stand
    document.body.append(link);
  });
  sheets.set(href, loading);
  return loading;
}
