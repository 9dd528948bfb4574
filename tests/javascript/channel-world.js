/** A channel whose sockets and clock belong to the test. */

import { FakeTime } from "./fake-time.js";
import { Channel } from "../../web/static/js/signaling/channel.js";

/** @import { ServerMessage } from "../../web/static/js/signaling/messages.js" */

/** A socket whose server is the test. */
export class FakeSocket {
  readyState = 0;
  closed = false;
  /** @type {any[]} */
  sent = [];
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: { data: string }) => void) | null} */
  onmessage = null;
  /** @type {((event: { code: number }) => void) | null} */
  onclose = null;

  /** @param {string} frame */
  send(frame) {
    this.sent.push(JSON.parse(frame));
  }

  close() {
    this.closed = true;
  }

  accept() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** @param {object} message */
  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  welcome() {
    this.accept();
    this.say({ type: "welcome", participant_id: "U", epoch: "epoch-one", resumed: false });
  }

  /** @param {number} code */
  end(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** Types of everything but pings that was sent. */
  get types() {
    return this.sent.map((message) => message.type).filter((type) => type !== "ping");
  }
}

/**
 * @param {{ frames: object[], code?: number }} [before] of a socket that the page had opened before
 */
export function connected(before) {
  const time = new FakeTime();
  const world = { closed: false };
  /** @type {FakeSocket[]} */
  const sockets = [];
  /** @type {ServerMessage[]} */
  const received = [];
  /** @type {string[]} */
  const states = [];
  /** @type {[string, string][]} */
  const refused = [];
  const early = before && {
    socket: /** @type {any} */ (new FakeSocket()),
    peerId: "peer-of-me",
    frames: before.frames.map((frame) => JSON.stringify(frame)),
    code: before.code ?? 0,
  };
  if (early) sockets.push(early.socket);
  const channel = new Channel({
    address: "wss://example.org/socket",
    ...(early ? { early } : {}),
    hello: () => ({ type: "hello", version: 1, stream: "room", peer_id: "peer-of-me" }),
    onMessage: (message) => received.push(message),
    isClosed: () => world.closed,
    onState: (state, reason) => states.push(reason ? `${state}: ${reason}` : state),
    onRefused: (command, refusal) =>
      refused.push([command.type === "chat_send" ? command.text : command.type, refusal.text]),
    environment: {
      makeSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return /** @type {any} */ (socket);
      },
      setTimeout: time.setTimeout,
      clearTimeout: time.clearTimeout,
      random: () => 1,
    },
  });
  channel.open();
  const last = () => /** @type {FakeSocket} */ (sockets.at(-1));
  return { channel, world, time, sockets, received, states, refused, last };
}

export const chat = (id = "message-1") => ({
  type: /** @type {const} */ ("chat_send"),
  id,
  text: "hello",
});
