/**
 * Sentences in the reader's language. The English sentence is the key, and the fallback. `_` and
 * `_n` have these names so that the extractor finds their arguments.
 */

/**
 * @typedef {object} Catalog
 * @property {string} lang
 * @property {string} dir
 * @property {string} plural for each number up to 199 the digit that is the index of its form
 * @property {Record<string, string | string[]>} messages
 * @property {string} decimal the decimal separator
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
 * @property {string[]} [periods] for each hour of an ambiguous clock, the part of the day
 * @property {string[]} [solar] months of the Solar Hijri year
 * @property {{ from: number, days: string }} [nowruz] days after 20 March, for each year
 * @property {{ zones: string[], months?: string[], solar?: string[] }[]} [regions] other months
 */

/**
 * Until a catalog is loaded. Dates in this format are understood everywhere.
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
 * Global, because a module that was loaded again comes with another copy of this one.
 * @type {{ catalog: Catalog }}
 */
const page = /** @type {any} */ (globalThis);
page.catalog ??= english;

/** @param {Partial<Catalog>} loaded */
export function useCatalog(loaded) {
  page.catalog = { ...english, ...loaded };
}

/**
 * Load the catalog that the page holds or names. Without one, or if it fails to load, the page is English:
 * missing translations must not keep anybody from a session.
 */
export async function loadCatalog() {
  const address = document.documentElement.dataset.catalog;
  const held = document.getElementById("held-catalog")?.textContent;
  if (held) return useCatalog(JSON.parse(held));
  if (!address) return;
  try {
    const answer = await fetch(address);
    if (answer.ok) useCatalog(await answer.json());
  } catch (error) {
    console.warn("no catalog", error);
  }
}

/** @type {Promise<void> | null} */
let fileSentences = null;

/** Add the sentences of what a session page loads later; the same as above if they fail to load. */
export function loadFileSentences() {
  return (fileSentences ??= fetchFileSentences());
}

async function fetchFileSentences() {
  const address = document.documentElement.dataset.catalog?.replace(
    /(-way-in)?\.json$/,
    "-files.json",
  );
  if (!address) return;
  try {
    const answer = await fetch(address);
    if (answer.ok) Object.assign(page.catalog.messages, (await answer.json()).messages);
  } catch (error) {
    console.warn("no catalog of files", error);
    fileSentences = null;
  }
}

/**
 * @param {string} sentence
 * @returns {string}
 */
export function _(sentence) {
  const found = page.catalog.messages[sentence];
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
  const forms = page.catalog.messages[singular];
  const found = Array.isArray(forms) ? forms[formOf(count)] : undefined;
  return found || (count === 1 ? singular : plural);
}

/**
 * @param {number} count
 * @returns {number} index of the form that fits it
 */
export function formOf(count) {
  return Number(page.catalog.plural[count < 200 ? count : 100 + (count % 100)]);
}

export const dateWords = () => page.catalog.dates;
export const decimalSign = () => page.catalog.decimal;

/**
 * Fill `%(name)s` placeholders. Values are isolated, so that one of the other direction does not
 * reorder the sentence around it.
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 * @returns {string}
 */
export function fill(sentence, values) {
  return sentence.replace(/%\((\w+)\)s/g, (placeholder, name) =>
    name in values ? `\u2068${values[name]}\u2069` : placeholder,
  );
}
