/** Places of boxes by the direction of the page, before Chrome 87, Firefox 63 and Safari 14.1. */

const mirrored = document.documentElement.dir === "rtl";

for (const [logical, physical] of [
  ["insetInlineStart", mirrored ? "right" : "left"],
  ["insetBlockStart", "top"],
]) {
  if (!logical || !physical || logical in document.documentElement.style) continue;
  Object.defineProperty(CSSStyleDeclaration.prototype, logical, {
    configurable: true,
    /** @this {any} */
    get() {
      return this[physical];
    },
    /** @this {any} @param {string} value */
    set(value) {
      this[physical] = value;
    },
  });
}
