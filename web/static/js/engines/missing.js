/**
 * Give objects the members that they lack.
 * @param {any[]} objects
 * @param {Record<string, unknown>} members
 */
export function addMissing(objects, members) {
  for (const object of objects) {
    for (const [name, value] of Object.entries(members)) {
      // not enumerable, as the engine's own are
      if (!(name in object)) {
        Object.defineProperty(object, name, { value, configurable: true, writable: true });
      }
    }
  }
}
