/**
 * Sentences in the reader's language. The English sentence is the key; what is missing stays
 * English. `_` and `_n` carry these names so that the extractor finds their arguments.
 */

/**
 * @typedef {object} Catalog
 * @property {string} lang
 * @property {string} dir
 * @property {string} plural for each number to 199 the index of its form
 * @property {Record<string, string | string[]>} messages
 * @property {string} decimal what stands before tenths
 * @property {DateWords} dates
 */

/**
 * How dates are written (`web/texts/date_words.py`). In a pattern, %w is the weekday, %d the day, %m the
 * month, %n its number, %y the year, %s the day of the Solar Hijri calendar.
 * @typedef {object} DateWords
 * @property {string[]} weekdays Sunday first
 * @property {string[]} [months]
 * @property {string} long
 * @property {string} with_year
 * @property {string} without_year
 * @property {string} comma
 * @property {Record<string, string[]>} units minute, hour and day in each form, %n is the number
 * @property {string[]} [periods] for each hour that is read in two ways: the part of the day
 * @property {string[]} [solar] months of the Solar Hijri year
 * @property {{ from: number, days: string }} [nowruz] days after 20 March, for each year
 * @property {{ zones: string[], months?: string[], solar?: string[] }[]} [regions] other months
 */

/**
 * Until a catalog is loaded. Its dates are read everywhere.
 * @type {Catalog}
 */
const english = {
  lang: "en",
  dir: "ltr",
  plural: "10".padEnd(200, "1"),
  messages: {},
  decimal: ".",
  dates: {
    weekdays: [],
    long: "%y-%n-%d",
    with_year: "%y-%n-%d",
    without_year: "%y-%n-%d",
    comma: ",",
    units: {
      minute: ["%n minute", "%n minutes"],
      hour: ["%n hour", "%n hours"],
      day: ["%n day", "%n days"],
    },
  },
};

/**
 * Kept by the page: a module that had to be asked for again has another copy of this one.
 * @type {{ spoken: Catalog }}
 */
const page = /** @type {any} */ (globalThis);
page.spoken ??= english;

/** @param {Partial<Catalog>} loaded */
export function useCatalog(loaded) {
  page.spoken = { ...english, ...loaded };
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
  const found = page.spoken.messages[sentence];
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
  const forms = page.spoken.messages[singular];
  const found = Array.isArray(forms) ? forms[formOf(count)] : undefined;
  return found || (count === 1 ? singular : plural);
}

/**
 * @param {number} count
 * @returns {number} index of the form that fits it
 */
export function formOf(count) {
  return Number(page.spoken.plural[count < 200 ? count : 100 + (count % 100)]);
}

export const dateWords = () => page.spoken.dates;
export const decimalSign = () => page.spoken.decimal;

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
