/**
 * Microphone, camera and screen of this device, for as long as a call uses them: asked for after
 * a tap, microphone first, taken again when the system took them away. Knows no connection: it
 * tells who listens.
 */

import { Capture } from "./capture.js";
import { explain, permission } from "./device-errors.js";

/** @typedef {"audio" | "video"} Kind */
/** @typedef {import("../../signaling/messages.js").MediaState} MediaState */

/**
 * @typedef {object} DevicesListener
 * @property {(kind: Kind | "screen", track: MediaStreamTrack | null) => void} onTrack what to send
 *   from now on
 * @property {() => void} onUnwanted the browser allowed something after the call had let go of it
 * @property {() => void} onChange of anything that is shown
 */

export const isPhone = () => matchMedia("(pointer: coarse)").matches;

/** A phone gets hot and a data bundle empty at more than this; a face needs no more. */
const PHONE_PICTURE = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 15, max: 15 },
};
const DESK_PICTURE = {
  width: { ideal: 960 },
  height: { ideal: 540 },
  frameRate: { ideal: 24, max: 30 },
};
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const SCREEN = { video: { frameRate: 10 } };

export class Devices {
  facing = "user";
  canSwitch = false;
  /** Not muted; kept from one call to the next. */
  speaks = true;
  /** Device ids chosen by hand; empty: the browser's choice. */
  chosen = { audio: "", video: "" };
  /** @type {Map<Kind | "screen", string>} for the reader, until that device is asked for again */
  problems = new Map();
  /** A call uses the devices. */
  inUse = false;
  #microphone;
  #camera;
  #screen;

  /** @param {DevicesListener} listener */
  constructor(listener) {
    this.listener = listener;
    const shared = { lasting: true, mayAsk: () => true, onUnwanted: listener.onUnwanted };
    this.#microphone = new Capture({
      ...shared,
      request: (wanted) => navigator.mediaDevices.getUserMedia(wanted),
      isQuestion: async () => (await permission("audio")) !== "granted",
      onTrack: (track) => this.#heldSound(track),
      onRefused: (error) => void this.#refused("audio", error),
      onChange: () => {
        this.#camera.settle();
        listener.onChange();
      },
    });
    this.#camera = new Capture({
      ...shared,
      request: (wanted) => navigator.mediaDevices.getUserMedia(wanted),
      // Two questions, one after the other, are refused less often than both at once.
      mayAsk: () => !this.#microphone.open,
      isQuestion: async () => (await permission("video")) !== "granted",
      onTrack: (track) => this.#heldPicture(track),
      onRefused: (error) => void this.#refused("video", error),
      onChange: listener.onChange,
    });
    this.#screen = new Capture({
      ...shared,
      lasting: false,
      request: (wanted) => navigator.mediaDevices.getDisplayMedia(wanted),
      isQuestion: async () => false,
      onTrack: (track) => {
        if (track) track.contentHint = "detail";
        listener.onTrack("screen", track);
      },
      onRefused: (error) => void this.#refused("screen", error),
      onChange: listener.onChange,
    });
  }

  /** @returns {MediaStreamTrack | null} */
  get microphone() {
    return this.#microphone.track;
  }

  /** @returns {MediaStreamTrack | null} */
  get camera() {
    return this.#camera.track;
  }

  /** @returns {MediaStreamTrack | null} */
  get screen() {
    return this.#screen.track;
  }

  /** @returns {MediaState} */
  get state() {
    const { asking } = this;
    return {
      microphone: this.microphone !== null && this.microphone.enabled,
      camera: this.camera !== null,
      screen: this.screen !== null,
      ...(asking ? { asking } : {}),
    };
  }

  /** Whether the browser asks the person for microphone or camera, and waits. */
  get asking() {
    return this.#microphone.asking || this.#camera.asking;
  }

  get wantsCamera() {
    return this.#camera.wanted;
  }

  /** @returns {MediaStreamTrack | null} what others see first */
  get picture() {
    return this.screen ?? this.camera;
  }

  /**
   * A call begins to use the devices: the microphone unless it was muted, and the camera. What is
   * refused is told in `problems`, and the call goes on without.
   * @param {boolean} withCamera
   */
  open(withCamera) {
    this.inUse = true;
    this.setMicrophone(this.speaks);
    if (withCamera) this.setCamera(true);
  }

  /** @returns {Promise<void>} until there is a microphone, or none, or a question about it */
  answered() {
    return this.#microphone.answered();
  }

  /** @param {boolean} on */
  setMicrophone(on) {
    this.speaks = on;
    this.problems.delete("audio");
    // Muted, it stays open: people unmute in the middle of a word.
    if (on) this.#want(this.#microphone, this.#sound());
    else if (!this.microphone) this.#want(this.#microphone, null);
    if (this.microphone) this.microphone.enabled = on;
    this.listener.onChange();
  }

  /** @param {boolean} on */
  setCamera(on) {
    this.problems.delete("video");
    this.#want(this.#camera, on ? this.#picture() : null);
    this.listener.onChange();
  }

  /** @param {boolean} on */
  setScreen(on) {
    this.problems.delete("screen");
    this.#want(this.#screen, on ? SCREEN : null);
    this.listener.onChange();
  }

  /**
   * Use this microphone or camera from now on; an unplugged one gives way to another.
   * @param {Kind} kind
   * @param {string} id
   */
  choose(kind, id) {
    this.chosen[kind] = id;
    this.problems.delete(kind);
    if (kind === "video") {
      if (this.#camera.wanted) this.#want(this.#camera, this.#picture());
    } else if (this.#microphone.wanted) this.#want(this.#microphone, this.#sound());
    this.listener.onChange();
  }

  /** The other camera of a phone; while one is being opened, it is the other one already. */
  switchCamera() {
    if (!this.camera) return;
    this.chosen.video = "";
    this.facing = this.facing === "user" ? "environment" : "user";
    this.setCamera(true);
  }

  /** Phones take camera and microphone away in the background: look whether they still live. */
  check() {
    this.#microphone.regain();
    this.#camera.regain();
  }

  /** No call uses the devices any more. */
  close() {
    this.inUse = false;
    this.problems.clear();
    for (const capture of [this.#microphone, this.#camera, this.#screen]) capture.want(null);
    this.listener.onChange();
  }

  /**
   * @param {Capture} capture
   * @param {MediaStreamConstraints | null} wanted
   */
  #want(capture, wanted) {
    capture.want(this.inUse ? wanted : null);
  }

  /** @returns {MediaStreamConstraints} */
  #sound() {
    return { audio: { ...SOUND, ...this.#device("audio") } };
  }

  /** @returns {MediaStreamConstraints} */
  #picture() {
    const which = this.chosen.video ? this.#device("video") : { facingMode: this.facing };
    return { video: { ...(isPhone() ? PHONE_PICTURE : DESK_PICTURE), ...which } };
  }

  /** @param {Kind} kind */
  #device(kind) {
    return this.chosen[kind] ? { deviceId: this.chosen[kind] } : {};
  }

  /** @param {MediaStreamTrack | null} track */
  #heldSound(track) {
    if (track) {
      track.enabled = this.speaks;
      this.problems.delete("audio");
    }
    this.listener.onTrack("audio", track);
  }

  /** @param {MediaStreamTrack | null} track */
  #heldPicture(track) {
    this.listener.onTrack("video", track);
    if (!track) return;
    this.problems.delete("video");
    void this.#countCameras();
  }

  async #countCameras() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.canSwitch = isPhone() && devices.filter((one) => one.kind === "videoinput").length > 1;
    this.listener.onChange();
  }

  /**
   * @param {Kind | "screen"} kind
   * @param {unknown} error
   */
  async #refused(kind, error) {
    const name = error instanceof Error ? error.name : "";
    if (kind === "screen") {
      // Closing the browser's own chooser is an answer, not a problem.
      if (name !== "NotAllowedError") this.problems.set(kind, explain(name, kind));
    } else {
      const capture = kind === "audio" ? this.#microphone : this.#camera;
      const asks = name === "NotAllowedError" && (await permission(kind)) === "prompt";
      if (capture.refused) this.problems.set(kind, explain(name, kind, asks));
    }
    this.listener.onChange();
  }
}
