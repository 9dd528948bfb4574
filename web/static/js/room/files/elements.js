/** Elements made by scripts: of dialogs that are loaded when they are first used. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children strings become text, never markup
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * @param {string} label
 * @param {() => void} press
 * @param {Record<string, string>} [attributes]
 */
export function button(label, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", press);
  return made;
}

/** @type {Map<string, Promise<void>>} address -> loading */
const sheets = new Map();

/**
 * Add a style sheet to the page, once. If it does not load, the page goes on without it.
 * @param {string} name of a file in `css`
 * @returns {Promise<void>}
 */
export function styleSheet(name) {
  const href = new URL(`../../../css/${name}`, import.meta.url).href;
  const known = sheets.get(href);
  if (known) return known;
  /** @type {Promise<void>} */
  const loading = new Promise((resolve) => {
    const link = element("link", { rel: "stylesheet", href });
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      sheets.delete(href);
      link.remove();
      resolve();
    });
    document.head.append(link);
  });
  sheets.set(href, loading);
  return loading;
}
