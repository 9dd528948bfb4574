/**
 * My part in the call: entering, leaving, and coming back by itself after a reload or a long
 * silence of the line. Asks for devices; connections are the business of `call.js`.
 */

import { newId } from "../shared/identifier.js";
import { enoughFor } from "../shared/patience.js";

/**
 * @import { Command } from "./channel.js"
 * @import { Devices } from "./devices.js"
 * @import { SetMedia } from "./messages.js"
 * @import { Room } from "./state.js"
 */

/**
 * @typedef {object} AttendanceOptions
 * @property {string} peerId
 * @property {string} storageKey under which a reload finds the call it was in
 * @property {Devices} devices
 * @property {(message: SetMedia) => void} send
 * @property {(message: Command) => Promise<boolean>} command
 * @property {() => Room} room
 * @property {() => void} onChange
 */

const JOINED_WITHIN = enoughFor(3_000, 1);

export class Attendance {
  entering = false;
  /** The call I want to be in, until I hang up or it is over. */
  #wanted = "";
  /** @type {string} */
  #phase = "none";
  /** @type {(() => void) | undefined} */
  #whenJoined;

  /** @param {AttendanceOptions} options */
  constructor(options) {
    this.options = options;
    this.#wanted = sessionStorage.getItem(options.storageKey) ?? "";
    this.start = this.start.bind(this);
    this.accept = this.accept.bind(this);
    this.decline = this.decline.bind(this);
    this.hangUp = this.hangUp.bind(this);
  }

  /** @param {"audio" | "video"} media */
  start(media) {
    void this.#enter(media === "video", () => ({ type: "call_start", id: newId(), media }));
  }

  accept() {
    const { call } = this.options.room();
    if (!call) return;
    const { call_id } = call;
    void this.#enter(call.media === "video", () => ({ type: "call_accept", id: newId(), call_id }));
  }

  decline() {
    const { call } = this.options.room();
    if (call)
      void this.options.command({ type: "call_decline", id: newId(), call_id: call.call_id });
  }

  hangUp() {
    const { call } = this.options.room();
    this.#want("");
    this.options.devices.close();
    if (call) void this.options.command({ type: "call_leave", id: newId(), call_id: call.call_id });
  }

  /**
   * The server could not keep me in this call: do not come back by myself.
   * @param {string} callId
   */
  lost(callId) {
    if (callId === this.#wanted) this.abandon();
  }

  /** The page has lost its seat: let go of camera and microphone. */
  abandon() {
    this.#want("");
    this.options.devices.close();
  }

  tellMedia() {
    if (this.#phase !== "joined") return;
    this.options.send({ type: "set_media", media: this.options.devices.state });
  }

  /** @param {"none" | "incoming" | "joined" | "elsewhere" | "joinable"} phase */
  follow(phase) {
    const before = this.#phase;
    this.#phase = phase;
    const { call, seq } = this.options.room();
    if (phase === "joined" && before !== "joined") {
      if (call) this.#want(call.call_id);
      this.tellMedia();
      this.#whenJoined?.();
    }
    if (this.entering || seq < 0) return;
    const absent = phase === "joinable" || phase === "elsewhere";
    if (absent && call && this.#wanted === call.call_id) this.accept();
    else if (phase === "none" && (this.#wanted || before !== "none" || this.#open)) this.abandon();
  }

  /**
   * @param {boolean} withCamera
   * @param {() => Command} message
   */
  async #enter(withCamera, message) {
    if (this.entering) return;
    const { devices, onChange, command } = this.options;
    this.entering = true;
    onChange();
    try {
      await devices.setMicrophone(devices.wanted.microphone);
      // The picture may follow: the sooner the other side rings, the better.
      const [entered] = await Promise.all([
        command(message()),
        withCamera ? devices.setCamera(true) : undefined,
      ]);
      if (!entered) this.abandon();
      else if (this.#phase !== "joined") await this.#joined();
    } finally {
      this.entering = false;
      onChange();
    }
  }

  get #open() {
    return this.options.devices.microphone !== null || this.options.devices.picture !== null;
  }

  /** The acknowledgement may arrive before the news that I am in. */
  #joined() {
    return new Promise((resolve) => {
      this.#whenJoined = () => resolve(undefined);
      setTimeout(resolve, JOINED_WITHIN);
    });
  }

  /** @param {string} callId */
  #want(callId) {
    this.#wanted = callId;
    try {
      if (callId) sessionStorage.setItem(this.options.storageKey, callId);
      else sessionStorage.removeItem(this.options.storageKey);
    } catch {
      // Without storage a reload asks again.
    }
  }
}
