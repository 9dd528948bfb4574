import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Network } from "./negotiation-world.js";

/** @import { Engine, Side } from "./negotiation-world.js" */

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
/** Within which the last change and the last break of a channel are made good. */
const QUIET = 60_000;
const ENGINES = /** @type {[Engine, Engine][]} */ ([
  ["native", "native"],
  ["older", "older"],
  ["native", "older"],
  ["older", "native"],
]);

/** @type {Network | null} */
let network = null;

afterEach(() => {
  network?.end();
  Object.assign(globalThis, real);
});

/** @param {number} seed @param {[Engine, Engine]} engines */
async function begin(seed, engines) {
  network = new Network(seed, engines);
  network.begin();
  await network.pass(2_000);
  return network;
}

/** @param {Network} network @param {string} where */
function assertAgreed({ sides, hasPath }, where) {
  const [one, other] = /** @type {[Side, Side]} */ (sides);
  assert.ok(hasPath, `${where}: the packets of one find the other`);
  for (const side of sides) {
    const { connection, toReplace } = side;
    assert.equal(connection.signalingState, "stable", `${where}: nothing is open`);
    assert.equal(connection.connectionState, "connected", where);
    assert.equal(connection.rollbacks, 0, `${where}: no offer was taken back`);
    assert.equal(connection.wishes, false, `${where}: what was wished is set`);
    assert.notEqual(connection.local?.ufrag, toReplace, `${where}: ICE was restarted`);
    const video = side.receivesVideo ? "sendrecv" : "sendonly";
    assert.equal(connection.local?.video, video, where);
    assert.equal(side.other.connection.remote?.video, video, `${where}: the other side knows it`);
    const isThrifty = one.isThrifty || other.isThrifty;
    assert.equal(/usedtx/.test(connection.remote?.sdp ?? ""), isThrifty, `${where}: few packets`);
  }
}

for (const engines of ENGINES) {
  const names = engines.join(" and ");

  test(`two changes at one moment end in one agreement: ${names}`, async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const at = await begin(seed, engines);
      const before = at.sides.map(({ connection }) => connection.offers);
      for (const side of at.sides) side.restart();
      await at.pass(5_000);
      assertAgreed(at, `seed ${seed}`);
      const [made = 0, others] = at.sides.map(
        ({ connection }, n) => connection.offers - (before[n] ?? 0),
      );
      assert.deepEqual([made <= 2, others], [true, 0], "one side offers, and not again and again");
      at.end();
    }
  });

  test(`an answer that is lost with its socket is given again over the next one: ${names}`, async () => {
    const at = await begin(1, engines);
    const [one, other] = /** @type {[Side, Side]} */ (at.sides);
    one.turnVideo();
    while (other.connection.remote?.video !== "sendonly") await at.pass(1);
    while (other.connection.signalingState !== "stable") await at.pass(1);
    other.cut();
    other.mend();
    await at.pass(1_000);
    assertAgreed(at, "before the offer is sent again");
    one.turnThrift();
    await at.pass(2_000);
    assertAgreed(at, "one more change");
  });

  test(`a second answer to one offer is none to the next: ${names}`, async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const at = await begin(seed, engines);
      const [one, other] = /** @type {[Side, Side]} */ (at.sides);
      one.turnVideo();
      while (other.connection.remote?.video !== "sendonly") await at.pass(1);
      // its answer is under way, and the offer is sent again
      one.cut();
      one.mend();
      while (one.connection.signalingState !== "stable") await at.pass(1);
      one.restart();
      await at.pass(1_500);
      assertAgreed(at, `seed ${seed}`);
      at.end();
    }
  });

  test(`whatever happens in which order, both agree in the end: ${names}`, async () => {
    for (let seed = 0; seed < 150; seed += 1) {
      const at = await begin(seed, engines);
      for (let step = 0; step < 12; step += 1) {
        const side = at.sides[Math.floor(at.random() * 2)];
        assert.ok(side);
        const acts = [
          () => side.restart(),
          () => side.turnVideo(),
          () => side.turnThrift(),
          () => side.cut(),
          () => side.mend(),
          () => at.sides.forEach((each) => each.restart()),
          () => at.breakPath(),
        ];
        acts[Math.floor(at.random() * acts.length)]?.();
        // often within the time of a message, sometimes within that of a timer
        await at.pass(at.random() < 0.8 ? at.random() * 300 : at.random() * 9_000);
      }
      for (const side of at.sides) side.mend();
      await at.pass(QUIET);
      assertAgreed(at, `seed ${seed}`);
      const made = at.sides.map(({ connection }) => connection.offers);
      await at.pass(10 * QUIET);
      assert.deepEqual(
        at.sides.map(({ connection }) => connection.offers),
        made,
        "and it is quiet",
      );
      at.end();
    }
  });
}
