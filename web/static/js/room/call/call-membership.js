/**
 * This page's membership in the call: whether its reader wants to be in one, the commands for it,
 * and rejoining after a reload or a long loss of signaling. Connections are in `connections.js`.
 * Hanging up takes effect at once, whatever the browser or the server answers later.
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
 * @property {string} storageKey under which a reload finds the call that the page was in
 * @property {Devices} devices
 * @property {() => boolean} isPaused whether the line is too narrow for the video of `devices`
 * @property {() => boolean} saves whether little is to be sent here: wanted, or all that the line carries
 * @property {(message: SetMedia) => void} send
 * @property {(message: Command) => Promise<Refused | null>} command null if it was done
 * @property {() => Room} room
 * @property {(sentence: string) => void} notify the reader
 * @property {() => void} onChange
 */

/**
 * @typedef {object} Entry
 * @property {string} callId
 * @property {boolean} answers the call existed before: this is no `call_start`
 * @property {boolean} sent the command is on its way to the server
 */

/** After the acknowledgement, which may arrive before the event that this page has joined. */
const JOIN_TIMEOUT = timeoutFor(3_000, 1);

export class CallMembership {
  /** @type {Entry | null} the call being entered */
  #entry = null;
  /** The call the reader wants to be in, until they hang up or it ends, and what to send in it. */
  #wanted = { callId: "", microphone: true, camera: false };
  /** The call that was left or declined, while the room may still show this page in it. */
  #leftCall = "";
  #declined = false;
  /** @type {CallPhase | "leaving"} */
  phase = "none";

  /** @param {CallMembershipOptions} options */
  constructor(options) {
    this.options = options;
    this.#restore();
    this.start = this.start.bind(this);
    this.accept = this.accept.bind(this);
    this.decline = this.decline.bind(this);
    this.hangUp = this.hangUp.bind(this);
  }

  /** Whether this page is in a call or entering one, and has not hung up. */
  get inside() {
    return this.#entry !== null || this.phase === "joined";
  }

  /** @param {"audio" | "video"} media */
  start(media) {
    const id = newId();
    const entry = { callId: id, answers: false, sent: false };
    void this.#enterCall(entry, media === "video", { type: "call_start", id, media });
  }

  accept(withCamera = true) {
    const { call } = this.options.room();
    if (call) this.#join(call.call_id, withCamera && call.media === "video");
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
    // Accepted, but not sent to the server yet, which would go on ringing.
    else if (this.phase === "incoming") this.#leave("call_decline", this.#current);
    this.#release();
  }

  /**
   * The server could not keep this page in the call: do not rejoin automatically.
   * @param {string} callId
   */
  lost(callId) {
    if (callId === this.#wanted.callId) this.abandon();
  }

  /** The call is over for this page: release camera and microphone. */
  abandon() {
    if (this.phase === "joined") {
      this.#leftCall = this.#current;
      this.#declined = false;
      this.phase = "leaving";
    }
    this.#release();
  }

  sendMediaState() {
    if (this.phase !== "joined") return;
    const { devices, isPaused, saves, send } = this.options;
    const paused = isPaused() && devices.video !== null;
    const line = { ...(paused ? { paused } : {}), ...(saves() ? { saving: true } : {}) };
    send({ type: "set_media", media: { ...devices.state, ...line } });
    // A page that is being left has released its devices, and may be a reload.
    if (devices.inUse) this.#remember(this.#wanted.callId);
  }

  /** @param {CallPhase} phase of this page by the room's state */
  follow(phase) {
    const before = this.phase;
    const { call, seq } = this.options.room();
    // A `call_start` of this page that was on its way may join the very call that it declined.
    const isLeft = call?.call_id === this.#leftCall && !(this.#declined && phase === "joined");
    if (isLeft && (phase === "joinable" || phase === "elsewhere")) this.#leftCall = "";
    this.phase = isLeft && (phase === "joined" || phase === "incoming") ? "leaving" : phase;
    if (seq < 0) return;
    if (this.phase === "joined") this.#entered(before);
    else if (this.#entry) {
      if (this.#entry.answers && this.#entry.callId !== this.#current) this.#ended();
    } else if (this.#isMissing) this.#join(this.#current, this.#wanted.camera);
    else if (phase === "none" && (this.#wanted.callId || before === "joined")) this.#ended();
  }

  get #current() {
    return this.options.room().call?.call_id ?? "";
  }

  /** Whether the reader wants to be in the current call, and this page is not. */
  get #isMissing() {
    const away = this.phase === "joinable" || this.phase === "elsewhere";
    return away && this.#wanted.callId === this.#current;
  }

  /**
   * The room shows this page in the call.
   * @param {string} before
   */
  #entered(before) {
    if (!this.#entry && this.#wanted.callId !== this.#current) {
      // Hung up while the server was processing the command.
      this.#leave("call_leave", this.#current);
    } else if (this.#entry || before !== "joined") {
      this.#entry = null;
      this.#remember(this.#current);
      this.sendMediaState();
    }
  }

  /** The call ended before this page was in it, or without it. */
  #ended() {
    const tooSoon = this.#entry !== null || this.options.devices.asking;
    this.abandon();
    if (!tooSoon) return;
    this.options.notify(
      _(
        "The call ended before your microphone and camera could be used. They are off. You can call back.",
      ),
    );
  }

  /**
   * @param {string} callId of the current call
   * @param {boolean} withCamera
   */
  #join(callId, withCamera) {
    const message = /** @type {const} */ ({ type: "call_accept", id: newId(), call_id: callId });
    void this.#enterCall({ callId, answers: true, sent: false }, withCamera, message);
  }

  /**
   * @param {Entry} entry
   * @param {boolean} withCamera
   * @param {Command} message
   */
  async #enterCall(entry, withCamera, message) {
    if (this.inside || !canCall()) return;
    const { devices, onChange, command } = this.options;
    this.#entry = entry;
    if (this.#leftCall === entry.callId) this.#leftCall = "";
    devices.open(withCamera);
    onChange();
    // Do not wait for an answer to the permission prompt: the other side should know soon.
    await devices.answered();
    if (this.#entry !== entry) return;
    entry.sent = true;
    const refusal = await command(message);
    if (this.#entry !== entry) return;
    if (refusal) this.#refused(refusal);
    else setTimeout(() => this.#entry === entry && this.abandon(), JOIN_TIMEOUT);
  }

  /** @param {Refused} refusal */
  #refused(refusal) {
    if (refusal.code === "conflict") this.#ended();
    else {
      this.abandon();
      this.options.notify(refusal.message);
    }
  }

  /**
   * @param {"call_leave" | "call_decline"} type
   * @param {string} callId
   */
  #leave(type, callId) {
    this.#leftCall = callId;
    this.#declined = type === "call_decline";
    if (this.phase === "joined" || this.phase === "incoming") this.phase = "leaving";
    void this.options.command({ type, id: newId(), call_id: callId });
  }

  #release() {
    this.#entry = null;
    this.#remember("");
    this.options.devices.close();
  }

  /** @param {string} callId */
  #remember(callId) {
    const { speaks, wantsCamera } = this.options.devices;
    this.#wanted = { callId, microphone: speaks, camera: wantsCamera };
    try {
      if (callId) sessionStorage.setItem(this.options.storageKey, JSON.stringify(this.#wanted));
      else sessionStorage.removeItem(this.options.storageKey);
    } catch {
      // Without storage a reload does not rejoin.
    }
  }

  /** After a reload, microphone and camera are as before. */
  #restore() {
    try {
      const stored = sessionStorage.getItem(this.options.storageKey);
      if (!stored) return;
      this.#wanted = JSON.parse(stored);
      this.options.devices.speaks = this.#wanted.microphone;
    } catch {
      // Without storage there is nothing to restore.
    }
  }
}
