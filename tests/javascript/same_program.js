// Reads {name: [source, sent]} from standard input; prints the names of those that differ as programs.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

// @ts-expect-error: it has no types of its own.
import { parse } from "espree";

const PLACES = new Set(["start", "end", "range", "loc", "raw"]);

/** @param {string} text @returns {unknown} The syntax tree, without where in the text things stand. */
const tree = (text) =>
  JSON.parse(
    JSON.stringify(parse(text, { ecmaVersion: "latest", sourceType: "module" }), (key, value) =>
      PLACES.has(key) ? undefined : value,
    ),
  );

for (const [name, [source, sent]] of Object.entries(JSON.parse(readFileSync(0, "utf-8")))) {
  if (!isDeepStrictEqual(tree(source), tree(sent))) console.log(name);
}
