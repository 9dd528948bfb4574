import assert from "node:assert/strict";
import { test } from "node:test";
import { chat, connected } from "./channel-world.js";
import { PONG_TIMEOUT, PING_INTERVAL, Refused } from "../../web/static/js/signaling/channel.js";

test("the first message is hello, and the channel is open with the welcome", () => {
  const { last, states, channel } = connected();
  last().accept();
  assert.deepEqual(last().types, ["hello"]);
  assert.equal(channel.state, "connecting");
  last().say({ type: "welcome" });
  assert.deepEqual(states, ["connecting", "open"]);
});

test("a lobby is open with its first list", () => {
  const { last, channel, time, sockets } = connected();
  last().accept();
  last().say({ type: "lobby", waiting: [] });
  assert.equal(channel.state, "open");
  time.pass(13_000);
  last().say({ type: "pong" });
  assert.equal(sockets.length, 1);
});

test("an invite that cannot be used any more ends it", () => {
  const { last, states, time, sockets } = connected();
  last().accept();
  last().say({ type: "error", code: "invite_not_usable", text: "Over." });
  time.pass(60_000);
  assert.equal(states.at(-1), "ended: gone");
  assert.equal(sockets.length, 1);
});

test("a command is sent again on the next socket until it is acknowledged", async () => {
  const { channel, time, last } = connected();
  last().welcome();
  const done = channel.command(chat());
  assert.deepEqual(last().types, ["hello", "chat_send"]);
  last().end(1006);
  time.pass(1_000);
  last().welcome();
  assert.deepEqual(last().types, ["hello", "chat_send"]);
  last().say({ type: "ack", id: "message-1", position: 4 });
  const answer = await done;
  assert.ok(answer.type === "ack" && answer.position === 4);
  assert.deepEqual(channel.pending(), []);
  last().end(1006);
  time.pass(1_000);
  last().welcome();
  assert.deepEqual(last().types, ["hello"]);
});

test("commands given while disconnected are sent in their order", () => {
  const { channel, last } = connected();
  void channel.command(chat("message-1"));
  void channel.command(chat("message-2"));
  last().welcome();
  assert.deepEqual(
    last()
      .sent.slice(1)
      .map((message) => message.id),
    ["message-1", "message-2"],
  );
});

test("what an earlier page has left is sent before everything else, and once", () => {
  const { channel, last } = connected();
  channel.adopt([chat("message-1")]);
  void channel.command(chat("message-2"));
  last().welcome();
  channel.adopt([chat("message-2"), chat("message-3")]);
  assert.deepEqual(
    last()
      .sent.slice(1)
      .map((message) => message.id),
    ["message-1", "message-2", "message-3"],
  );
});

test("what another tab sends is not sent here", () => {
  const { channel, last } = connected();
  void channel.command(chat());
  channel.forgetPending();
  last().welcome();
  assert.deepEqual(last().types, ["hello"]);
});

test("a refused command rejects its promise", async () => {
  const { channel, last } = connected();
  last().welcome();
  const done = channel.command({ type: "start_consultation", id: "start-it-1" });
  last().say({ type: "error", id: "start-it-1", code: "nobody_there", text: "Nobody is there." });
  await assert.rejects(done, (error) => error instanceof Refused && error.code === "nobody_there");
  assert.deepEqual(channel.pending(), []);
});

test("a message of an earlier page is given back when it is refused", () => {
  const { channel, last, refused } = connected();
  channel.adopt([chat()]);
  last().welcome();
  last().say({ type: "error", id: "message-1", code: "chat_full", text: "Full." });
  assert.deepEqual(refused, [["hello", "Full."]]);
});

test("a request for chat lines is sent again until its page arrives", async () => {
  const { channel, last, time } = connected();
  last().welcome();
  const page = channel.command({ type: "read_chat", id: "question-1", before: 7 });
  last().end(1006);
  time.pass(1_000);
  last().welcome();
  assert.deepEqual(last().types, ["hello", "read_chat"]);
  last().say({ type: "chat_page", id: "question-1", chat: [] });
  assert.equal((await page).type, "chat_page");
  assert.deepEqual(channel.pending(), []);
});

test("a command that the server cannot store now is sent again", () => {
  const { channel, last, time } = connected();
  last().welcome();
  void channel.command(chat());
  last().say({ type: "error", id: "message-1", code: "unavailable", text: "Later." });
  assert.equal(channel.pending().length, 1);
  time.pass(6_000);
  assert.deepEqual(last().types, ["hello", "chat_send", "chat_send"]);
});

test("a silent connection is found dead, and the next one is opened", () => {
  const { last, time, sockets } = connected();
  last().welcome();
  time.pass(PING_INTERVAL);
  assert.equal(last().sent.at(-1).type, "ping");
  last().say({ type: "pong" });
  time.pass(PING_INTERVAL + PONG_TIMEOUT + 1_000);
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0]?.closed, true);
});

test("a socket that does not open is given up", () => {
  const { time, sockets } = connected();
  time.pass(14_000);
  assert.equal(sockets.length, 2);
});

test("it never gives up, and backs off up to a limit", () => {
  const { time, sockets, last } = connected();
  /** @type {number[]} */
  const pauses = [];
  for (let failure = 0; failure < 12; failure += 1) {
    const before = time.now;
    const count = sockets.length;
    last().end(1006);
    while (sockets.length === count) time.pass(100);
    pauses.push(time.now - before);
  }
  assert.ok(Number(pauses[0]) < 1_000);
  assert.ok(Number(pauses.at(-1)) > 10_000 && Number(pauses.at(-1)) < 16_000);
  last().welcome();
  last().end(1006);
  const count = sockets.length;
  time.pass(1_000);
  assert.equal(sockets.length, count + 1, "an open channel resets the back-off");
});

for (const [code, reason] of /** @type {[number, string][]} */ ([
  [4001, "replaced"],
  [4400, "invalid_message"],
  [4401, "sign_in_required"],
  [4404, "not_found"],
  [4410, "gone"],
  [4429, "too_many_requests"],
  [1009, "too_large"],
])) {
  test(`close code ${code} ends it: ${reason}`, () => {
    const { last, states, time, sockets } = connected();
    last().welcome();
    last().end(code);
    time.pass(60_000);
    assert.equal(states.at(-1), `ended: ${reason}`);
    assert.equal(sockets.length, 1);
  });
}

test("whoever has signed in again is connected again, and what was queued is sent", () => {
  const { channel, last, sockets, states } = connected();
  last().welcome();
  void channel.command(chat());
  last().end(4401);
  channel.open();
  assert.equal(sockets.length, 1);
  channel.reopen();
  last().welcome();
  assert.equal(sockets.length, 2);
  assert.equal(states.at(-1), "open");
  assert.deepEqual(last().types, ["hello", "chat_send"]);
  channel.reopen();
  assert.equal(sockets.length, 2, "an open channel stays as it is");
});

for (const code of [1001, 1006, 1011, 1012, 4008]) {
  test(`close code ${code} brings the page back`, () => {
    const { last, time, sockets } = connected();
    last().welcome();
    last().end(code);
    time.pass(1_000);
    assert.equal(sockets.length, 2);
  });
}

test("a replaced page does not reconnect", () => {
  const { last, states, time, sockets } = connected();
  last().welcome();
  last().say({ type: "replaced" });
  time.pass(60_000);
  assert.equal(states.at(-1), "ended: replaced");
  assert.equal(sockets.length, 1);
});

test("a goodbye for a restart reconnects, a final one does not", () => {
  const restarting = connected();
  restarting.last().welcome();
  restarting.last().say({ type: "goodbye", reason: "restart" });
  restarting.time.pass(1_000);
  assert.equal(restarting.sockets.length, 2);
  const gone = connected();
  gone.last().welcome();
  gone.last().say({ type: "goodbye", reason: "gone" });
  gone.time.pass(60_000);
  assert.equal(gone.sockets.length, 1);
});

test("coming back to the page does not wait for the back-off", () => {
  const { channel, last, sockets } = connected();
  last().welcome();
  last().end(1006);
  channel.wake();
  assert.equal(sockets.length, 2);
});

test("coming back to the page finds a dead connection quickly", () => {
  const { channel, last, sockets, time } = connected();
  last().welcome();
  channel.wake();
  time.pass(4_000);
  assert.equal(sockets.length, 2);
});

test("messages of an old socket are ignored", () => {
  const { channel, last, received } = connected();
  last().welcome();
  const old = last();
  const hear = old.onmessage;
  channel.resynchronize();
  hear?.({ data: JSON.stringify({ type: "lobby", waiting: [] }) });
  assert.ok(received.every((message) => message.type !== "lobby"));
});

test("a closed session is polled every minute until it is open", () => {
  const { world, last, states, time, sockets, channel } = connected();
  last().welcome();
  world.closed = true;
  last().say({ type: "goodbye", reason: "gone" });
  assert.deepEqual(states, ["connecting", "open", "ended: closed"]);
  for (const pause of [30_000, 60_000, 60_000]) {
    const count = sockets.length;
    time.pass(pause - 1);
    assert.equal(sockets.length, count);
    time.pass(1);
    assert.equal(sockets.length, count + 1);
    last().accept();
    last().say({ type: "error", code: "session_closed", text: "Closed." });
  }
  channel.wake();
  last().welcome();
  assert.deepEqual(states, ["connecting", "open", "ended: closed", "open"]);
  last().end(1006);
  time.pass(1_000);
  assert.equal(last().readyState, 0);
});

test("who comes back while a closed session is asked has an answer of now", () => {
  const { last, states, time, channel } = connected();
  last().accept();
  last().say({ type: "error", code: "session_closed", text: "Closed." });
  time.pass(30_000);
  last().accept();
  const earlier = last();
  channel.wake();
  earlier.say({ type: "error", code: "session_closed", text: "Closed." });
  last().welcome();
  assert.equal(states.at(-1), "open");
});

test("a session that was closed while disconnected is polled", () => {
  const { last, states, time, sockets } = connected();
  last().accept();
  last().say({ type: "error", code: "session_closed", text: "Closed." });
  assert.equal(states.at(-1), "ended: closed");
  time.pass(30_000);
  last().end(1006);
  time.pass(30_000);
  assert.equal(sockets.length, 3);
  last().accept();
  last().end(4404);
  time.pass(3_600_000);
  assert.equal(states.at(-1), "ended: not_found");
  assert.equal(sockets.length, 3);
});

test("refused pending commands are given to their author and sent no more", async () => {
  const { channel, world, last, refused, time } = connected();
  last().welcome();
  const done = channel.command(chat());
  world.closed = true;
  last().say({ type: "goodbye", reason: "gone" });
  channel.refusePending("This session is over.");
  await assert.rejects(done, Refused);
  assert.deepEqual(refused, [["hello", "This session is over."]]);
  time.pass(30_000);
  last().welcome();
  assert.deepEqual(last().types, ["hello"]);
});
