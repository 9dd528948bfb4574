/** Of the language: `at` (ECMAScript 2022), `replaceAll` (2021). */

import { addMissing } from "./missing.js";

addMissing([Array.prototype, String.prototype, Object.getPrototypeOf(Uint8Array.prototype)], {
  /**
   * @this {ArrayLike<unknown>}
   * @param {number} index
   */
  at(index) {
    const place = Math.trunc(index) || 0;
    return this[place < 0 ? this.length + place : place];
  },
});

addMissing([String.prototype], {
  /**
   * @this {string}
   * @param {string | RegExp} sought
   * @param {any} replacement
   */
  replaceAll(sought, replacement) {
    if (sought instanceof RegExp) {
      if (!sought.flags.includes("g")) throw new TypeError("replaceAll needs a global RegExp");
      return this.replace(sought, replacement);
    }
    const literally = String(sought).replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return this.replace(new RegExp(literally, "g"), replacement);
  },
});
