/**
 * My part in the call: whether I want to be in one, and what the server has to be told for it;
 * coming back by itself after a reload or a long silence of the line. Connections are the business
 * of `call.js`. Nothing that was asked for lasts longer than the wish: whoever hangs up is out at
 * once, whatever the browser or the server answers later.
 */

import { _ } from "../../shared/catalog.js";
import { newId } from "../../shared/identifier.js";
import { timeoutFor } from "../../shared/timeouts.js";
import { canCall } from "./can-call.js";

/**
 * @import { Command, Refused } from "../../signaling/channel.js"
 * @import { Devices } from "./devices.js"
 * @import { SetMedia } from "../../signaling/messages.js"
 * @import { Room } from "../state.js"
 */

/** @typedef {"none" | "incoming" | "joined" | "elsewhere" | "joinable"} CallPhase */

/**
 * @typedef {object} CallMembershipOptions
 * @property {string} storageKey under which a reload finds the call it was in
 * @property {Devices} devices
 * @property {(message: SetMedia) => void} send
 * @property {(message: Command) => Promise<Refused | null>} command null: done
 * @property {() => Room} room
 * @property {(sentence: string) => void} tell
 * @property {() => void} onChange
 */

/**
 * @typedef {object} Entry
 * @property {string} callId
 * @property {boolean} answers there was that call before me
 * @property {boolean} sent the server has heard of it
 */

/** After the acknowledgement: it may arrive before the news that I am in. */
const JOINED_WITHIN = timeoutFor(3_000, 1);

export class CallMembership {
  /** @type {Entry | null} the way into a call that I am on */
  #entry = null;
  /** The call I want to be in, until I hang up or it is over, and what I want to send in it. */
  #wanted = { callId: "", microphone: true, camera: false };
  /** The call that I have left or declined, as soon as the server has heard of it. */
  #left = "";
  #declined = false;
  /** @type {CallPhase | "leaving"} */
  phase = "none";

  /** @param {CallMembershipOptions} options */
  constructor(options) {
    this.options = options;
    this.#recall();
    this.start = this.start.bind(this);
    this.accept = this.accept.bind(this);
    this.decline = this.decline.bind(this);
    this.hangUp = this.hangUp.bind(this);
  }

  /** Whether I am in a call or on the way into it, and have not hung up. */
  get inside() {
    return this.#entry !== null || this.phase === "joined";
  }

  /** @param {"audio" | "video"} media */
  start(media) {
    const id = newId();
    const entry = { callId: id, answers: false, sent: false };
    void this.#enter(entry, media === "video", { type: "call_start", id, media });
  }

  accept() {
    const { call } = this.options.room();
    if (call) this.#join(call.call_id, call.media === "video");
  }

  decline() {
    if (this.inside) this.hangUp();
    else if (this.phase === "incoming") this.#leave("call_decline", this.#current);
    this.options.onChange();
  }

  hangUp() {
    const entry = this.#entry;
    this.#entry = null;
    if (this.phase === "joined") this.#leave("call_leave", this.#current);
    else if (entry?.sent) this.#leave("call_leave", entry.callId);
    // Accepted, but the server has not heard of it: it would go on ringing.
    else if (this.phase === "incoming") this.#leave("call_decline", this.#current);
    this.#letGo();
  }

  /**
   * The server could not keep me in this call: do not come back by myself.
   * @param {string} callId
   */
  lost(callId) {
    if (callId === this.#wanted.callId) this.abandon();
  }

  /** The call is over for this page: let go of camera and microphone. */
  abandon() {
    if (this.phase === "joined") {
      this.#left = this.#current;
      this.#declined = false;
      this.phase = "leaving";
    }
    this.#letGo();
  }

  sendMediaState() {
    if (this.phase !== "joined") return;
    const { devices, send } = this.options;
    send({ type: "set_media", media: devices.state });
    // A page that is being left has let go of everything, and may be on its way back.
    if (devices.inUse) this.#want(this.#wanted.callId);
  }

  /** @param {CallPhase} phase of this page, as the room has it */
  follow(phase) {
    const before = this.phase;
    const { call, seq } = this.options.room();
    // A start of mine that was on its way may join the very call that I declined.
    const isLeft = call?.call_id === this.#left && !(this.#declined && phase === "joined");
    if (isLeft && (phase === "joinable" || phase === "elsewhere")) this.#left = "";
    this.phase = isLeft && (phase === "joined" || phase === "incoming") ? "leaving" : phase;
    if (seq < 0) return;
    if (this.phase === "joined") this.#joined(before);
    else if (this.#entry) {
      if (this.#entry.answers && this.#entry.callId !== this.#current) this.#over();
    } else if (this.#absent) this.#join(this.#current, this.#wanted.camera);
    else if (phase === "none" && (this.#wanted.callId || before === "joined")) this.#over();
  }

  get #current() {
    return this.options.room().call?.call_id ?? "";
  }

  /** Whether I am wanted back in a call that this page is not in. */
  get #absent() {
    const away = this.phase === "joinable" || this.phase === "elsewhere";
    return away && this.#wanted.callId === this.#current;
  }

  /**
   * The room says that I am in.
   * @param {string} before
   */
  #joined(before) {
    if (!this.#entry && this.#wanted.callId !== this.#current) {
      // Hung up while the server was letting me in.
      this.#leave("call_leave", this.#current);
    } else if (this.#entry || before !== "joined") {
      this.#entry = null;
      this.#want(this.#current);
      this.sendMediaState();
    }
  }

  /** The call ended before I was in it, or without me. */
  #over() {
    const tooSoon = this.#entry !== null || this.options.devices.asking;
    this.abandon();
    if (!tooSoon) return;
    this.options.tell(
      _(
        "The call ended before your microphone and camera could be used. They are off. You can call back.",
      ),
    );
  }

  /**
   * @param {string} callId of the call that there is
   * @param {boolean} withCamera
   */
  #join(callId, withCamera) {
    const message = /** @type {const} */ ({ type: "call_accept", id: newId(), call_id: callId });
    void this.#enter({ callId, answers: true, sent: false }, withCamera, message);
  }

  /**
   * @param {Entry} entry
   * @param {boolean} withCamera
   * @param {Command} message
   */
  async #enter(entry, withCamera, message) {
    if (this.inside || !canCall()) return;
    const { devices, onChange, command } = this.options;
    this.#entry = entry;
    if (this.#left === entry.callId) this.#left = "";
    devices.open(withCamera);
    onChange();
    // The sooner the other side hears of it, the better: a question of the browser may take long.
    await devices.answered();
    if (this.#entry !== entry) return;
    entry.sent = true;
    const refusal = await command(message);
    if (this.#entry !== entry) return;
    if (refusal) this.#refused(refusal);
    else setTimeout(() => this.#entry === entry && this.abandon(), JOINED_WITHIN);
  }

  /** @param {Refused} refusal */
  #refused(refusal) {
    if (refusal.code === "conflict") this.#over();
    else {
      this.abandon();
      this.options.tell(refusal.message);
    }
  }

  /**
   * @param {"call_leave" | "call_decline"} type
   * @param {string} callId
   */
  #leave(type, callId) {
    this.#left = callId;
    this.#declined = type === "call_decline";
    if (this.phase === "joined" || this.phase === "incoming") this.phase = "leaving";
    void this.options.command({ type, id: newId(), call_id: callId });
  }

  #letGo() {
    this.#entry = null;
    this.#want("");
    this.options.devices.close();
  }

  /** @param {string} callId */
  #want(callId) {
    const { speaks, wantsCamera } = this.options.devices;
    this.#wanted = { callId, microphone: speaks, camera: wantsCamera };
    try {
      if (callId) sessionStorage.setItem(this.options.storageKey, JSON.stringify(this.#wanted));
      else sessionStorage.removeItem(this.options.storageKey);
    } catch {
      // Without storage a reload asks again.
    }
  }

  /** After a reload nobody is heard or seen who was not before. */
  #recall() {
    try {
      const stored = sessionStorage.getItem(this.options.storageKey);
      if (!stored) return;
      this.#wanted = JSON.parse(stored);
      this.options.devices.speaks = this.#wanted.microphone;
    } catch {
      // Without storage it asks again.
    }
  }
}
