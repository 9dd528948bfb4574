import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeTime } from "./fake-time.js";
import { Channel } from "../../web/static/js/signaling/channel.js";
import { timeoutFor, AdaptiveTimeouts } from "../../web/static/js/shared/timeouts.js";

/** TCP, TLS and the upgrade to a WebSocket, in round trips. */
const ROUNDS = { "TLS 1.2": 4, "TLS 1.3": 3 };

/**
 * A page and its server on a line that takes `roundTrip` ms there and back.
 * @param {number} roundTrip
 * @param {{ rounds?: number, guess?: number }} [line]
 */
function line(roundTrip, { rounds = 3, guess = 0 } = {}) {
  const time = new FakeTime();
  const world = {
    time,
    roundTrip,
    behind: 0,
    dead: false,
    sockets: 0,
    states: /** @type {string[]} */ ([]),
  };
  const makeSocket = () => {
    world.sockets += 1;
    /** @type {any} */
    const socket = { readyState: 0, close: () => (socket.readyState = 3) };
    /** @param {() => void} action */
    const later = (action, trips = 1) =>
      time.setTimeout(
        () => socket.readyState < 2 && !world.dead && action(),
        trips * world.roundTrip,
      );
    /** @param {object} message */
    const say = (message) => socket.onmessage?.({ data: JSON.stringify(message) });
    later(() => {
      socket.readyState = 1;
      socket.onopen?.();
    }, rounds);
    /** @param {string} frame */
    socket.send = (frame) => {
      const { type } = JSON.parse(frame);
      if (type === "hello") later(() => say({ type: "welcome" }));
      else later(() => say({ type: "pong" }), 1 + world.behind / world.roundTrip);
    };
    return socket;
  };
  const channel = new Channel({
    address: "wss://example.org/socket",
    hello: () => ({ type: "hello", version: 1, stream: "room", peer_id: "peer-of-me" }),
    onMessage: () => undefined,
    onState: (state) => world.states.push(state),
    environment: {
      makeSocket,
      setTimeout: time.setTimeout,
      clearTimeout: time.clearTimeout,
      now: () => time.now,
      random: () => 1,
      timeouts: new AdaptiveTimeouts(guess),
    },
  });
  channel.open();
  return { ...world, world, channel };
}

for (const [tls, rounds] of Object.entries(ROUNDS)) {
  for (const seconds of [2.8, 3.1, 6]) {
    test(`a line of ${seconds} s there and back connects and stays, by ${tls}`, () => {
      const { channel, time, world } = line(seconds * 1_000, { rounds });
      time.pass(150_000);
      assert.equal(channel.state, "open");
      const before = world.sockets;
      for (let minute = 0; minute < 30; minute += 1) {
        time.pass(60_000);
        channel.wake();
      }
      assert.equal(channel.state, "open");
      assert.equal(world.sockets, before);
    });
  }
}

test("what the page itself took tells how long the first socket may take", () => {
  const { channel, time, world } = line(6_000, { rounds: 4, guess: 6_000 });
  time.pass(40_000);
  assert.equal(channel.state, "open");
  assert.equal(world.sockets, 1);
});

test("a dead line is found as quickly as ever on a good one", () => {
  const { channel, time, world } = line(80, { guess: 9_000 });
  time.pass(60_000);
  world.dead = true;
  const before = time.now;
  while (channel.state === "open") time.pass(100);
  assert.ok(time.now - before <= 16_100);
});

test("a line that has become good again is not waited for longer than others", () => {
  const { channel, time, world } = line(5_000);
  time.pass(200_000);
  world.roundTrip = 80;
  time.pass(900_000);
  world.dead = true;
  const before = time.now;
  while (channel.state === "open") time.pass(100);
  assert.ok(time.now - before <= 16_100);
});

test("waking again and again neither asks twice nor waits longer", () => {
  const { channel, time, world } = line(80);
  time.pass(1_000);
  world.dead = true;
  const before = time.now;
  while (channel.state === "open" && time.now - before < 60_000) {
    channel.wake();
    time.pass(500);
  }
  assert.ok(time.now - before <= 3_000);
});

test("an answer behind a long page of chat comes through at the latest after some tries", () => {
  const { channel, time, world } = line(400);
  time.pass(5_000);
  // 64 kB at 20 kbit/s stand before every answer
  world.behind = 26_000;
  for (let minute = 0; minute < 10; minute += 1) time.pass(60_000);
  assert.equal(channel.state, "open");
  const before = world.sockets;
  for (let minute = 0; minute < 10; minute += 1) time.pass(60_000);
  assert.equal(world.sockets, before);
});

test("whoever comes back to the page does not wait for a try from before", () => {
  const { channel, time, world } = line(80);
  world.dead = true;
  time.pass(200_000);
  while (channel.state !== "connecting") time.pass(100);
  time.pass(20_000);
  world.dead = false;
  channel.wake();
  time.pass(1_000);
  assert.equal(channel.state, "open");
});

test("a try that is not late is left alone", () => {
  const { channel, time, world } = line(3_000);
  for (let second = 0; second < 11; second += 1) {
    time.pass(1_000);
    channel.wake();
  }
  assert.equal(world.sockets, 1);
});

test("what takes round trips is given them, but not for ever", () => {
  assert.equal(timeoutFor(8_000, 4, 100), 8_000);
  assert.equal(timeoutFor(8_000, 4, 3_000), 24_000);
  assert.equal(timeoutFor(8_000, 4, 60_000), 60_000);
});
