/**
 * Wires the parts of a call to each other and to the session page. This module is only loaded once
 * a call becomes possible: the waiting room does not wait for it on a slow network.
 */

import { _, fill } from "../../shared/catalog.js";
import { byId, maybe, setText, show } from "../../shared/dom.js";
import { CallMembership } from "./call-membership.js";
import { ChatSheet } from "./chat-sheet.js";
import { CallConnections } from "./connections.js";
import { Controls } from "./controls.js";
import { DevicePicker } from "./device-picker.js";
import { Devices } from "./devices.js";
import { LevelMeter } from "./level-meter.js";
import { Stage } from "./stage.js";
import { Allowances } from "../line/allowances.js";
import { HELD } from "../line/sending-limits.js";
import { bytesOf } from "../line/connection-bytes.js";
import { LineWatch } from "../line/line-watch.js";
import { callPhase, nameOf } from "../state.js";
import { Tiles } from "./tiles.js";
import { keepAwake, renewWakeLock } from "./wake-lock.js";

export { placeMarkup } from "./markup.js";

/**
 * @import { Channel, Command, Refused } from "../../signaling/channel.js"
 * @import { Saving } from "../saving/saving.js"
 * @import { ServerMessage, Welcome } from "../../signaling/messages.js"
 * @import { Room } from "../state.js"
 */

/**
 * @typedef {object} CallControllerOptions
 * @property {string} peerId
 * @property {string} storageKey under which a reload finds the call that the page was in
 * @property {Channel} channel
 * @property {Saving} saving
 * @property {() => Room} room
 * @property {(sentence: string) => void} notify the reader
 * @property {() => void} render the page
 * @property {() => boolean} [mayStart] whether there is anybody to ring; tells the reader if not
 */

/** Milliseconds of a round trip to the server as on 2G, where every packet counts. */
const FAR = 400;
/** Of everything that whoever saves data receives through the relay: its smallest encoding. */
const SAVING_HEIGHT = 160;

export class CallController {
  /** Who started the latest call. */
  #caller = "";
  /** @type {Map<string, number | null>} heights reported to the relay */
  #reportedHeights = new Map();
  /** "Audio only" was not pressed, but follows from saving data. */
  #isAudioFirst = false;

  /** @param {CallControllerOptions} options */
  constructor(options) {
    const { peerId, channel, render } = options;
    this.options = options;
    this.call = new CallConnections({
      peerId,
      send: (message) => channel.send(message),
      onChange: render,
      allowances: new Allowances({
        limits: HELD,
        saves: () => options.saving.on,
        isFar: () => channel.environment.timeouts.roundTrip > FAR,
      }),
      isVisible: (other) => this.#isVisible(other),
    });
    this.level = new LevelMeter((value, speaking) => {
      for (const id of ["level", "preview-level"]) {
        const meter = maybe(id, HTMLMeterElement);
        if (meter) meter.value = value;
      }
      show(byId("muted-hint", HTMLElement), speaking && !this.devices.state.microphone);
    });
    this.devices = new Devices({
      onTrack: (kind, track) => {
        this.call.setTrack(kind, track);
        if (kind === "audio") this.level.listen(track);
      },
      onUnwanted: () => {
        if (this.membership.inside) return;
        options.notify(
          _(
            "You are not in the call any more, so microphone and camera stay off. You can call back or join again.",
          ),
        );
      },
      onChange: () => {
        // A camera or screen was chosen after all.
        if (this.call.audioOnly && this.devices.video) this.#setAudioOnly(false);
        this.membership.sendMediaState();
        render();
      },
    });
    this.membership = new CallMembership({
      storageKey: options.storageKey,
      devices: this.devices,
      isPaused: () => this.line.isPaused,
      saves: () => options.saving.on || this.line.isNarrow,
      send: (message) => channel.send(message),
      command: (message) => this.#command(message),
      room: options.room,
      notify: options.notify,
      onChange: render,
    });
    this.tiles = new Tiles(() => this.#reportHeights());
    this.stage = new Stage();
    this.chatSheet = new ChatSheet(render);
    this.line = new LineWatch({
      connections: () => this.call.connections,
      sendsVideo: () => this.call.sendsVideo,
      onLimits: (connection, limits) => this.call.limit(connection, limits),
      onStats: (connection, reports) => options.saving.used.count(connection, bytesOf(reports)),
      onQuality: (quality) => {
        channel.send({ type: "set_quality", quality });
        render();
      },
      onPause: () => {
        this.membership.sendMediaState();
        render();
      },
    });
    const { decline, hangUp } = this.membership;
    this.controls = new Controls(this.devices, {
      start: (media) => (options.mayStart?.() ?? true) && this.start(media),
      accept: (withCamera = true) => this.#accept(withCamera),
      decline,
      hangUp,
      toggleAudioOnly: () => this.#toggleAudioOnly(),
    });
    this.picker = new DevicePicker(this.devices, (id) => this.tiles.setSpeaker(id));
    this.#putAudioFirst();
  }

  /** @param {"audio" | "video"} media */
  start(media) {
    this.#putAudioFirst();
    this.membership.start(this.options.saving.on ? "audio" : media);
  }

  /** @param {boolean} withCamera */
  #accept(withCamera) {
    this.#putAudioFirst();
    this.membership.accept(withCamera && !this.options.saving.on);
  }

  /** Whoever saves data sees and shows nothing at first; "Audio only" and "Camera" change that. */
  #putAudioFirst() {
    const { on } = this.options.saving;
    if (on || this.#isAudioFirst) this.#setAudioOnly(on);
    this.#isAudioFirst = on;
  }

  /** The reader saves data, or not any more. */
  followSaving() {
    this.call.followSaving();
    this.membership.sendMediaState();
    this.#reportHeights();
  }

  /** Whether a call comes in that is not answered yet. */
  get isRinging() {
    return this.membership.phase === "incoming" && !this.membership.inside;
  }

  /** @param {Welcome} welcome */
  configure(welcome) {
    this.call.configure(welcome.ice_servers, welcome.media_policy);
    this.membership.sendMediaState();
  }

  /** @param {ServerMessage} message */
  receive(message) {
    this.#tellCaller(message);
    if (message.type === "description") {
      this.call.receiveDescription(message.sender, message.description);
    } else if (message.type === "candidate") {
      this.call.receiveCandidate(message.sender, message.candidate);
    } else if (message.type === "relay_offer") {
      // What was reported on the old connection does not count for the new one.
      if (message.fresh) {
        this.#reportedHeights.clear();
        this.tiles.forgetRelay();
      }
      this.call.receiveOffer(message);
    } else if (message.type === "speaking") {
      this.tiles.speaker = message.peer_id ?? "";
    } else if (message.type === "picture_paused") {
      this.tiles.setPaused(message.peer_id, message.kind, message.paused);
    } else if (message.type === "call_lost") {
      this.membership.lost(message.call_id);
      this.options.notify(
        _(
          "You could not be connected with the others in the call. You can still write messages, or press Join the call to try again.",
        ),
      );
    }
  }

  /**
   * Whoever called is told at once why nobody comes: the chat may be out of sight.
   * @param {ServerMessage} message
   */
  #tellCaller(message) {
    const room = this.options.room();
    if (room.call) this.#caller = room.call.started_by;
    // what was said of the last call says nothing of a new one
    else if (message.type === "call_changed" && message.call.state === "ringing") {
      show(byId("notice", HTMLElement), false);
    }
    if (message.type !== "chat_added" || this.#caller !== room.me) return;
    const { kind, participant_id } = message.message;
    const name = nameOf(room, participant_id);
    if (kind === "call_missed") this.options.notify(_("Nobody answered the call"));
    if (kind === "call_declined") {
      this.options.notify(fill(_("%(name)s declined the call"), { name }));
    }
  }

  /** @param {Room} room as the server knows it */
  render(room) {
    this.membership.follow(callPhase(room, this.options.peerId));
    // Hanging up takes effect at once, even while the server does not answer.
    this.#render(this.membership.phase === "leaving" ? { ...room, call: null } : room);
  }

  /** @param {Room} room */
  #render(room) {
    const inCall = this.membership.phase === "joined";
    this.call.update(room);
    const { dataset } = byId("call", HTMLElement);
    dataset.topology = (inCall && room.call?.topology) || "";
    dataset.movingTo = (inCall && room.call?.moving_to) || "";
    this.controls.render(room, this.membership, this.call.audioOnly, this.options.saving.on);
    if (!this.call.forwarded) this.tiles.forgetRelay();
    this.tiles.render(room, this.call.remotes);
    const { video, screen, facing } = this.devices;
    this.tiles.showOwn(video, screen === null && facing === "user");
    this.stage.render(this.membership.inside);
    this.options.saving.render(this.membership.inside);
    this.controls.focusNext();
    this.chatSheet.render(this.membership.inside);
    this.#reportHeights();
    this.line.watch(inCall);
    void keepAwake(inCall);
    this.#showQuality(inCall);
  }

  /** @param {number} count messages of others that the reader has not seen */
  showUnread(count) {
    this.chatSheet.follow(this.options.room(), count);
  }

  /**
   * Whether the relay is asked for any video of this peer, or has not been told yet.
   * @param {string} peerId
   */
  #isVisible(peerId) {
    const reported = [...this.#reportedHeights].filter(([key]) => key.startsWith(`${peerId} `));
    return !reported.length || reported.some(([, height]) => height !== null);
  }

  /** Report at which height each video is shown: the relay sends no higher encoding. */
  #reportHeights() {
    if (!this.call.forwarded) {
      this.#reportedHeights.clear();
      return;
    }
    for (const { peerId, kind, height } of this.tiles.heights()) {
      const wanted = this.call.audioOnly ? null : this.#lines(height);
      const key = `${peerId} ${kind}`;
      if (this.#reportedHeights.get(key) === wanted) continue;
      const report = { type: /** @type {const} */ ("tile_shown"), peer_id: peerId, kind };
      if (this.options.channel.send({ ...report, height: wanted }))
        this.#reportedHeights.set(key, wanted);
    }
  }

  /**
   * @param {number | null} height of a tile
   * @returns {number | null} how much of it is wanted
   */
  #lines(height) {
    return height && this.options.saving.on ? Math.min(height, SAVING_HEIGHT) : height;
  }

  /** The network changed. */
  restart() {
    this.call.restart();
  }

  /** The page is visible again. */
  wake() {
    renewWakeLock();
    this.devices.check();
  }

  /** The page is being left: a reload may rejoin, but no device stays open meanwhile. */
  hide() {
    this.devices.close();
  }

  /** The page has lost its seat. */
  abandon() {
    this.membership.abandon();
  }

  /**
   * @param {Command} message
   * @returns {Promise<Refused | null>} null if it was done
   */
  async #command(message) {
    try {
      await this.options.channel.command(message);
      return null;
    } catch (error) {
      // Not `instanceof Refused`: a module that was loaded again has a class of its own.
      if (error instanceof Error && "code" in error) return /** @type {Refused} */ (error);
      throw error;
    } finally {
      this.options.render();
    }
  }

  #toggleAudioOnly() {
    const on = !this.call.audioOnly;
    if (on) {
      this.devices.setScreen(false);
      this.devices.setCamera(false);
    }
    this.#setAudioOnly(on);
    this.options.render();
  }

  /** @param {boolean} on */
  #setAudioOnly(on) {
    this.call.setAudioOnly(on);
    this.tiles.audioOnly = on;
  }

  /**
   * Others' poor connections stand on their pictures.
   * @param {boolean} inCall
   */
  #showQuality(inCall) {
    const place = byId("quality", HTMLElement);
    const { isPaused, quality } = this.line;
    const paused = _(
      "The connection is too slow for video. Your picture is paused; the sound goes on.",
    );
    setText(place, isPaused ? paused : _("Your connection is poor."));
    show(place, inCall && (isPaused || quality === "poor"));
  }
}
