/**
 * Sentences in the reader's language. The English sentence is the key; what is missing stays
 * English. `_` and `_n` carry these names so that the extractor finds their arguments.
 */

/**
 * @typedef {object} Catalog
 * @property {string} lang
 * @property {string} dir
 * @property {Record<string, number>} plural category of Intl.PluralRules -> index of the form
 * @property {Record<string, string | string[]>} messages
 */

/** @type {Catalog} */
const english = { lang: "en", dir: "ltr", plural: { one: 0, other: 1 }, messages: {} };

/**
 * Kept by the page: a module that had to be asked for again has another copy of this one.
 * @type {{ spoken?: { catalog: Catalog, rules: Intl.PluralRules } }}
 */
const page = /** @type {any} */ (globalThis);
page.spoken ??= { catalog: english, rules: new Intl.PluralRules("en") };
const spoken = page.spoken;

/** @param {Catalog} loaded */
export function useCatalog(loaded) {
  spoken.catalog = loaded;
  spoken.rules = new Intl.PluralRules(loaded.lang);
}

/**
 * Load the catalog the page names. A page without one, or one that cannot be loaded, is English:
 * late or missing words must not keep anybody from a session.
 */
export async function loadCatalog() {
  const address = document.documentElement.dataset.catalog;
  if (!address) return;
  try {
    const answer = await fetch(address);
    if (answer.ok) useCatalog(await answer.json());
  } catch (error) {
    console.warn("no catalog", error);
  }
}

/**
 * @param {string} sentence
 * @returns {string}
 */
export function _(sentence) {
  const found = spoken.catalog.messages[sentence];
  return (Array.isArray(found) ? found[0] : found) || sentence;
}

/**
 * The form of a sentence that fits a number.
 * @param {string} singular
 * @param {string} plural
 * @param {number} count
 * @returns {string}
 */
export function _n(singular, plural, count) {
  const { catalog, rules } = spoken;
  const forms = catalog.messages[singular];
  const index = catalog.plural[rules.select(count)] ?? catalog.plural.other ?? 0;
  const found = Array.isArray(forms) ? forms[index] : undefined;
  return found || (count === 1 ? singular : plural);
}

/**
 * Fill `%(name)s` places. Values are isolated, so that a name of the other direction does not
 * turn the sentence around it.
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function fill(sentence, values) {
  return sentence.replace(/%\((\w+)\)s/g, (place, name) =>
    name in values ? `\u2068${values[name]}\u2069` : place,
  );
}
