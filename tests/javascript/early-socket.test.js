import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, connected } from "./channel-world.js";

test("a socket that was opened before the channel says no hello, and nothing it said is lost", () => {
  const { last, states, received, channel, sockets } = connected({ frames: [] });
  last().accept();
  assert.deepEqual(last().types, []);
  last().say({ type: "welcome" });
  last().say({ type: "snapshot" });
  assert.deepEqual([states, sockets.length], [["connecting", "open"], 1]);
  assert.deepEqual(
    received.map(({ type }) => type),
    ["welcome", "snapshot"],
  );
  void channel.command(chat());
  assert.deepEqual(last().types, ["chat_send"]);
});

test("what such a socket had received is read first", () => {
  const frames = [{ type: "welcome" }, { type: "snapshot" }];
  const { received, channel, last, time } = connected({ frames });
  last().readyState = 1;
  last().say({ type: "chat_added" });
  assert.equal(channel.state, "open");
  assert.deepEqual(
    received.map(({ type }) => type),
    ["welcome", "snapshot", "chat_added"],
  );
  last().end(1006);
  time.pass(1_000);
  last().accept();
  assert.deepEqual(last().types, ["hello"]);
});

test("such a socket that has ended is followed by another, unless it was refused for good", () => {
  const lost = connected({ frames: [], code: 1006 });
  assert.equal(lost.channel.state, "waiting");
  lost.time.pass(1_000);
  lost.last().welcome();
  assert.equal(lost.channel.state, "open");
  const gone = { type: "error", code: "not_found", text: "It does not exist." };
  const refused = connected({ frames: [gone], code: 4404 });
  refused.time.pass(60_000);
  assert.equal(refused.states.at(-1), "ended: not_found");
  assert.equal(refused.sockets.length, 1);
});

test("a hello that came too late over such a socket is said again over another, which may refuse it", () => {
  const late = { type: "error", code: "invalid_message", text: "This message is not valid." };
  const { channel, time, states, sockets, last } = connected({ frames: [] });
  last().say(late);
  last().end(4400);
  time.pass(1_000);
  last().accept();
  assert.deepEqual([sockets.length, last().types], [2, ["hello"]]);
  last().say(late);
  last().end(4400);
  time.pass(60_000);
  assert.deepEqual([sockets.length, states.at(-1)], [2, "ended: invalid_message"]);
  assert.equal(channel.state, "ended");
});
