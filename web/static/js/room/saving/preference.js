/** Whether a person saves data: by their own choice, or else by what the browser says of its line. */

/**
 * @param {{ saveData?: boolean, effectiveType?: string }} [connection] `navigator.connection`
 * @param {boolean} [asked] by the header `Save-Data` of the page's own request
 * @returns {boolean}
 */
export function savesByDefault({ saveData = false, effectiveType = "" } = {}, asked = false) {
  return asked || saveData || /2g/.test(effectiveType);
}

/** The choice of one seat, kept by the browser where it keeps anything. */
export class Preference {
  #key;
  #byDefault;
  /** @type {boolean | null} null while nobody has chosen */
  #chosen = null;

  /**
   * @param {string} seat
   * @param {boolean} byDefault
   */
  constructor(seat, byDefault) {
    this.#key = `saving:${seat}`;
    this.#byDefault = byDefault;
    try {
      const stored = localStorage.getItem(this.#key);
      if (stored) this.#chosen = stored === "on";
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  get on() {
    return this.#chosen ?? this.#byDefault;
  }

  /** @param {boolean} on */
  choose(on) {
    this.#chosen = on;
    try {
      localStorage.setItem(this.#key, on ? "on" : "off");
    } catch {
      // The same.
    }
  }

  /** Leave nothing in the browser; this page still knows. */
  forget() {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // The same.
    }
  }
}
