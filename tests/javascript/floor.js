// Whether the front end keeps to what the engines of its two builds have. Reads from standard input
// {sources, engines, older, floors}: files by name as they were written, the text of js/engines, files of
// the older build, and for each
// build its engines' oldest versions. Prints a line for every breach and exits with status 1 for any.
//
// Syntax is looked at in what the compiler has made. APIs are looked at in the sources, by the names in
// MDN's browser-compat-data: one is a breach where all that bear its name are newer than the floor, the
// file neither asks for it first nor tries it, and js/engines does not fill it in. A name that something older bears
// too escapes this; walking with real engines (scripts/bench engines) is for those. Members of stats
// that are read and of encodings that are set are breaches unless something is named that stands in.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// @ts-expect-error: it has no types of its own.
import { parse } from "espree";

/** What js/engines gives to engines of the older build. */
const FILLED = new Set([
  "at",
  "replaceAll",
  "replaceChildren",
  "requestSubmit",
  "submitter",
  "HTMLDialogElement",
  "showModal",
  "returnValue",
  "restartIce",
  "connectionState",
  "onconnectionstatechange",
  "AudioContext",
  "getFloatTimeDomainData",
]);

/** What is asked for where this does not see it, or harms nobody where it is missing; and why. */
const ACCEPTED = new Map([
  ["exitFullscreen", "only while document.fullscreenElement is somewhat"],
  ["exitPictureInPicture", "only while document.pictureInPictureElement is somewhat"],
  ["pictureInPictureElement", "nothing contains undefined"],
  ["sinkId", "setSinkId is asked for before"],
  ["getDisplayMedia", "its button is hidden without it"],
  ["lastChance", "of an event that comes only with it"],
  ["getPhotoCapabilities", "ImageCapture is asked for before"],
  ["mediaType", "asked only where kind is missing"],
  ["takePhoto", "ImageCapture is asked for before"],
  ["parseCreationOptionsFromJSON", "another parser stands in"],
  ["parseRequestOptionsFromJSON", "another parser stands in"],
]);

/** Members of stats and of encodings that an engine lacks: what stands in for them, or whom it harms. */
const STANDS_IN = new Map([
  ["currentRoundTripTime", "whole-stats.js takes that of RTCP"],
  ["responsesReceived", "asked only beside currentRoundTripTime"],
  ["fractionLost", "whole-stats.js counts, from packetsLost and packetsSent"],
  ["packetsLost", "of the other side's reports only; then round trip and NACKs have to do"],
  ["roundTripTime", "the pair has one, or nothing has: then video waits for six seconds"],
  ["kind", "mediaType"],
  ["selectedCandidatePairId", "Firefox marks the pair as selected"],
  ["framesDecoded", "packetsReceived"],
  ["mid", "the track"],
  ["trackIdentifier", "a report of the track, or playout is not delayed"],
  ["freezeCount", "framesDropped"],
  ["nackCount", "Chromium has it for video, Safari's losses and queues are seen by the round trip"],
  ["availableOutgoingBitrate", "video-pause.js waits longer, and two encodings stay two"],
  ["targetBitrate", "qualityLimitationReason, or there is no estimate to choose by either"],
  ["qualityLimitationReason", "there is no estimate to choose by"],
  ["packetsSent", "of the transport: headers below it are not counted then"],
  ["packetsReceived", "the same"],
  ["active", "sending-limits.js: the sender has no track"],
  ["maxFramerate", "the bit rate and the height limit as well"],
]);

/** What every report has, which MDN tells only from the versions on that it was looked for in. */
const ALWAYS = new Set(["type", "id", "timestamp", "ssrc"]);

/** What older Chromium was seen to report. */
const SEEN_IN_CHROMIUM_76 = new Set(["bytesSent", "bytesReceived"]);

/** Of ES2020 what the parser takes and engines of the older build do not. */
const NEW_SYNTAX = new Set(["ChainExpression"]);

/** @typedef {Record<string, any>} Tree */

const { api, javascript } = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve("@mdn/browser-compat-data"), "utf-8"),
);
const builtins = javascript.builtins;

/** @type {Map<string, Tree[]>} name of a member -> whose, with its support */
const members = new Map();
for (const [owner, found] of [...Object.entries(api), ...Object.entries(builtins)]) {
  for (const [name, member] of Object.entries(found)) {
    if (name === "__compat" || !member.__compat || name === owner) continue;
    const plain = name.replace(/_(static|event)$/, "");
    if (name.endsWith("_event")) continue;
    members.set(plain, [...(members.get(plain) ?? []), member]);
  }
}

/** @param {string} version */
const parts = (version) => version.replace("≤", "").split(".").map(Number);

/** @param {string} version @param {string} floor */
function isUpTo(version, floor) {
  const [major = 0, minor = 0] = parts(version);
  const [floorMajor = 0, floorMinor = 0] = parts(floor);
  return major < floorMajor || (major === floorMajor && minor <= floorMinor);
}

/** @param {Tree} feature @param {Record<string, string>} floor @returns {string[]} engines without it */
function lacking(feature, floor) {
  return Object.entries(floor)
    .filter(([engine, version]) => {
      const statements = [feature.__compat.support[engine] ?? []].flat();
      return !statements.some(
        ({
          version_added: added,
          version_removed: removed,
          flags,
          prefix,
          alternative_name: other,
        }) =>
          typeof added === "string" &&
          added !== "preview" &&
          !(flags || prefix || other) &&
          isUpTo(added, version) &&
          !(typeof removed === "string" && isUpTo(removed, version)),
      );
    })
    .map(([engine, version]) => `${engine} ${version}`);
}

/** @param {any} node @param {(node: Tree, parents: Tree[]) => void} visit @param {Tree[]} [parents] */
function walk(node, visit, parents = []) {
  if (Array.isArray(node)) for (const each of node) walk(each, visit, parents);
  else if (node && typeof node.type === "string") {
    visit(node, parents);
    const inner = [node, ...parents];
    for (const [key, value] of Object.entries(node)) {
      if (value && typeof value === "object" && key !== "loc") walk(value, visit, inner);
    }
  }
}

/** @param {string} text @param {number | "latest"} [ecmaVersion] @returns {Tree} */
const treeOf = (text, ecmaVersion = "latest") =>
  parse(text, { ecmaVersion, sourceType: "module", loc: true });

const isFunction = (/** @type {Tree | null} */ value) =>
  value?.type === "FunctionExpression" || value?.type === "ArrowFunctionExpression";

/** Names that files give to functions and members of their own. @param {Tree[]} trees */
function ownNames(trees) {
  const methods = new Set();
  const fields = new Set();
  for (const tree of trees) {
    walk(tree, (node) => {
      const name = node.key?.name;
      if (!name || node.computed) return;
      if (node.type === "MethodDefinition" && node.kind === "method") methods.add(name);
      else if (node.shorthand || (/^Property/.test(node.type) && isFunction(node.value))) {
        methods.add(name);
      } else if (/^(Method|Property)/.test(node.type)) fields.add(name);
    });
    walk(tree, (node) => {
      // this.name = ...
      const { left } = node.type === "AssignmentExpression" ? node : { left: null };
      if (left?.type === "MemberExpression" && left.object.type === "ThisExpression") {
        fields.add(left.property.name);
      }
    });
  }
  return { methods, fields };
}

/** Names that a file asks for before it uses them. @param {Tree} tree */
function asked(tree) {
  const found = new Set();
  const note = (/** @type {Tree} */ node) => {
    if (node.type === "AwaitExpression") return note(node.argument);
    const one = node.type === "ChainExpression" ? node.expression : node;
    if (one.type === "MemberExpression") found.add(one.property.name ?? one.property.value);
    if (one.type === "Identifier") found.add(one.name);
  };
  walk(tree, (node, [parent]) => {
    if (node.type === "BinaryExpression" && node.operator === "in") found.add(node.left.value);
    if (node.type === "UnaryExpression" && ["typeof", "!"].includes(node.operator)) {
      note(node.argument);
    }
    if (node.type === "LogicalExpression") note(node.left);
    if (node.type === "IfStatement" || node.type === "ConditionalExpression") note(node.test);
    if (node.type === "CallExpression" && node.callee.name === "Boolean") {
      if (node.arguments[0]) note(node.arguments[0]);
    }
    if (node.optional) note(node.type === "CallExpression" ? node.callee : node.object);
    if (node.type === "AssignmentPattern" && parent?.type === "Property")
      found.add(parent.key.name);
  });
  return found;
}

/** @param {Tree} tree @returns {Set<string>} every name that a file declares */
function declared(tree) {
  const names = new Set();
  const take = (/** @type {any} */ pattern) =>
    walk(pattern, (node, [parent]) => {
      if (node.type === "Identifier" && !(parent?.type === "Property" && parent.value !== node)) {
        names.add(node.name);
      }
    });
  walk(tree, (node) => {
    if (node.type === "VariableDeclarator") take(node.id);
    if (/^(Function|Class|Arrow)/.test(node.type)) take([node.id, ...(node.params ?? [])]);
    if (/^Import\w*Specifier$/.test(node.type)) take(node.local);
    if (node.type === "CatchClause") take(node.param);
  });
  return names;
}

/**
 * The feature or features that a use may be of.
 * @param {Tree} node
 * @param {Tree[]} parents
 * @param {{ methods: Set<string>, fields: Set<string> }} own
 * @param {Set<string>} local
 * @returns {[string, Tree[]] | null}
 */
function used(node, [parent], own, local) {
  if (node.type === "Identifier") {
    const isName =
      (parent?.type === "MemberExpression" && parent.property === node && !parent.computed) ||
      (/^(Property|Method)/.test(parent?.type ?? "") && parent?.key === node) ||
      /Specifier$|^(Labeled|Break|Continue)/.test(parent?.type ?? "");
    if (isName || local.has(node.name)) return null;
    const { name } = node;
    const feature = [
      api[name],
      builtins[name],
      api.Window?.[name],
      builtins.globals?.[name],
    ].filter((each) => each?.__compat);
    return feature.length ? [name, feature] : null;
  }
  if (node.type !== "MemberExpression" || node.computed) return null;
  const { object, property } = node;
  if (property.type !== "Identifier" || object.type === "ThisExpression") return null;
  if (parent?.type === "AssignmentExpression" && parent.left === node) return null;
  const isCall = parent?.type === "CallExpression" && parent.callee === node;
  if (object.type === "Identifier" && !local.has(object.name)) {
    const owner = api[object.name] ?? builtins[object.name];
    const own = owner?.[`${property.name}_static`] ?? owner?.[property.name];
    if (own?.__compat) return [property.name, [own]];
  }
  if (own.methods.has(property.name) || (!isCall && own.fields.has(property.name))) return null;
  const found = members.get(property.name);
  return found ? [property.name, found] : null;
}

/** @param {Tree} node @param {Tree[]} parents @returns {boolean} whether a failure of it is caught */
function isTried(node, parents) {
  const place = parents.findIndex(({ type }) => type === "TryStatement");
  const attempt = parents[place];
  return Boolean(attempt?.handler) && attempt?.block === (parents[place - 1] ?? node);
}

/**
 * @param {Record<string, string>} sources
 * @param {Record<string, string>} floor
 * @param {Set<string>} filled
 */
function breaches(sources, floor, filled) {
  const trees = new Map(Object.entries(sources).map(([name, text]) => [name, treeOf(text)]));
  const own = ownNames([...trees.values()]);
  /** @type {Set<string>} */
  const lines = new Set();
  for (const [file, tree] of trees) {
    const guarded = asked(tree);
    const local = declared(tree);
    walk(tree, (node, parents) => {
      const [name, features] = used(node, parents, own, local) ?? ["", []];
      const { property, name: owner = property?.name } = node.object ?? {};
      if (guarded.has(owner) || owner === "dataset" || isTried(node, parents)) return;
      if (!features.length || guarded.has(name) || filled.has(name) || ACCEPTED.has(name)) return;
      const lacks = features.map((feature) => lacking(feature, floor));
      if (lacks.some((engines) => !engines.length)) return;
      const least = lacks.reduce((one, other) => (other.length < one.length ? other : one));
      lines.add(`${file}:${node.loc.start.line}: ${name} is not in ${least.join(", ")}`);
    });
  }
  return [...lines];
}

/** Members of dictionaries, by what the file that uses them names: types of stats, or an interface. */
const dictionaries = new Map(
  Object.entries(api.RTCStatsReport)
    .filter(([type]) => type.startsWith("type_"))
    .map(([type, fields]) => [type.slice("type_".length), fields]),
);
const encoding = api.RTCRtpSender.setParameters.parameters_encodings_parameter;

/**
 * Members of stats that are read and of encodings that are set, and that an engine lacks.
 * @param {Record<string, string>} sources
 * @param {Record<string, string>} floor
 */
function missingMembers(sources, floor) {
  /** @type {Set<string>} */
  const lines = new Set();
  for (const [file, text] of Object.entries(sources)) {
    const tree = treeOf(text);
    /** @type {Tree[]} */
    const named = [];
    walk(tree, (node) => {
      if (node.type === "Literal" && dictionaries.has(node.value)) {
        named.push(dictionaries.get(node.value));
      }
    });
    const note = (
      /** @type {Tree} */ node,
      /** @type {string} */ name,
      /** @type {Tree[]} */ of,
    ) => {
      if (ALWAYS.has(name) || STANDS_IN.has(name)) return;
      const features = of.map((each) => each[name]).filter((each) => each?.__compat);
      const isSeen = (/** @type {string} */ engine) =>
        SEEN_IN_CHROMIUM_76.has(name) && engine === "chrome 76";
      const lacks = features.map((one) => lacking(one, floor).filter((each) => !isSeen(each)));
      if (!lacks.length || lacks.some((engines) => !engines.length)) return;
      const engines = [...new Set(lacks.flat())].join(", ");
      lines.add(`${file}:${node.loc.start.line}: ${name} is not in ${engines}`);
    };
    walk(tree, (node, [parent]) => {
      if (node.type === "MemberExpression" && !node.computed) {
        const isSet = parent?.type === "AssignmentExpression" && parent.left === node;
        note(node, node.property.name, isSet ? [encoding] : named);
      }
      if (node.type === "Property" && parent?.type === "ObjectPattern") {
        note(node, node.key.name, named);
      }
    });
  }
  return [...lines];
}

/** @param {Record<string, string>} files */
function newSyntax(files) {
  /** @type {string[]} */
  const lines = [];
  for (const [file, text] of Object.entries(files)) {
    try {
      walk(treeOf(text, 2020), (node) => {
        if (NEW_SYNTAX.has(node.type) || node.operator === "??" || node.bigint) {
          lines.push(
            `${file}: ${node.operator ?? node.type} is newer than the older build's engines`,
          );
        }
      });
    } catch (error) {
      lines.push(`${file}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return lines;
}

/** @param {string} engines @returns {string[]} */
const unfilled = (engines) =>
  [...FILLED]
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(engines))
    .map((name) => `js/engines: ${name} is not filled in`);

const { sources, engines, older, floors } = JSON.parse(readFileSync(0, "utf-8"));
const found = [
  ...unfilled(engines),
  ...newSyntax(older),
  ...breaches(sources, floors.older, FILLED),
  ...breaches(sources, floors.current, new Set()),
  ...missingMembers(sources, floors.older),
  ...missingMembers(sources, floors.current),
];
for (const line of found) console.log(line);
process.exitCode = found.length ? 1 : 0;
