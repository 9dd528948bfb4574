/**
 * Microphone, camera and screen of this device, for as long as a call uses them: requested after a
 * tap, microphone first, and requested again when the system took them away. Knows no connection:
 * a listener gets the tracks.
 */

import { deviceFailure } from "../../shared/device-failure.js";
import { Capture } from "./capture.js";
import { explain, permission } from "./device-errors.js";

/** @typedef {import("./device-errors.js").Kind} Kind */
/** @typedef {import("../../signaling/values.js").MediaState} MediaState */

/**
 * @typedef {object} DevicesListener
 * @property {(kind: Kind | "screen", track: MediaStreamTrack | null) => void} onTrack the track to
 *   send from now on
 * @property {() => void} onUnwanted permission was given after the call had released the device
 * @property {() => void} onChange anything that is shown changed
 */

export const isPhone = () => matchMedia("(pointer: coarse)").matches;

/** More would heat a phone and use up a data plan; a face needs no more. */
const PHONE_VIDEO = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 15, max: 15 },
};
const DESKTOP_VIDEO = {
  width: { ideal: 960 },
  height: { ideal: 540 },
  frameRate: { ideal: 24, max: 30 },
};
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const SCREEN = { video: { frameRate: 10 } };

export class Devices {
  facing = "user";
  canSwitch = false;
  /** Not muted; kept from one call to the next. */
  speaks = true;
  /** Device ids chosen by the reader; empty for the browser's choice. */
  chosen = { audio: "", video: "" };
  /** @type {Map<Kind | "screen", string>} sentences for the reader, until that device is requested again */
  problems = new Map();
  /** A call uses the devices. */
  inUse = false;
  /** Their owner looks at and listens to themselves before a call; nobody else does. */
  previewing = false;
  /** The last use was such a look, not a call. */
  #wasPreview = false;
  /** A photo is being taken with another camera: the call's own is not requested meanwhile. */
  #isLent = false;
  /** A request for it from before that was refused, maybe because of the other camera. */
  #isDue = false;
  /** @type {MediaStreamTrack | null} that camera's, for a call whose own camera had to stop */
  #substitute = null;
  /** @type {MediaStreamTrack | null} */
  #sentVideo = null;
  #microphone;
  #camera;
  #screen;

  /** @param {DevicesListener} listener */
  constructor(listener) {
    this.listener = listener;
    const onUnwanted = () => this.#wasPreview || listener.onUnwanted();
    const shared = { lasting: true, mayAsk: () => true, onUnwanted };
    this.#microphone = new Capture({
      ...shared,
      request: (wanted) => navigator.mediaDevices.getUserMedia(wanted),
      isPrompt: async () => (await permission("audio")) !== "granted",
      onTrack: (track) => this.#onMicrophone(track),
      onRefused: (error) => void this.#refused("audio", error),
      onChange: () => {
        this.#camera.settle();
        listener.onChange();
      },
    });
    this.#camera = new Capture({
      ...shared,
      request: (wanted) => navigator.mediaDevices.getUserMedia(wanted),
      // Two prompts, one after the other, are refused less often than both at once.
      mayAsk: () => !this.#microphone.pending && !this.#isLent,
      isPrompt: async () => (await permission("video")) !== "granted",
      onTrack: (track) => this.#onCamera(track),
      onRefused: (error) => {
        this.#isDue = this.#isLent;
        void this.#refused("video", error);
      },
      onChange: listener.onChange,
    });
    this.#screen = new Capture({
      ...shared,
      lasting: false,
      request: (wanted) => navigator.mediaDevices.getDisplayMedia(wanted),
      isPrompt: async () => false,
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
    return this.#camera.track ?? (this.#camera.wanted ? this.#substitute : null);
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

  /** Whether a permission prompt for microphone or camera is open. */
  get asking() {
    return this.#microphone.asking || this.#camera.asking;
  }

  get wantsCamera() {
    return this.#camera.wanted;
  }

  /** @returns {MediaStreamTrack | null} the video that others see first */
  get video() {
    return this.screen ?? this.camera;
  }

  /**
   * Open the devices for a call: the microphone unless muted, and the camera. A refusal is put
   * into `problems`, and the call goes on without the device. What a preview has opened is used.
   * @param {boolean} withCamera
   */
  open(withCamera) {
    this.inUse = true;
    this.previewing = this.#wasPreview = false;
    this.setMicrophone(this.speaks);
    if (withCamera || this.wantsCamera) this.setCamera(withCamera);
  }

  /** Turn microphone and camera on before a call. */
  preview() {
    if (this.inUse) return;
    this.previewing = this.#wasPreview = true;
    this.setMicrophone(true);
    this.setCamera(true);
  }

  endPreview() {
    if (this.previewing) this.close();
  }

  /** @returns {Promise<void>} resolved with a microphone, without one, or with a prompt open */
  answered() {
    return this.#microphone.answered();
  }

  /** @param {boolean} on */
  setMicrophone(on) {
    this.speaks = on;
    this.problems.delete("audio");
    // A muted microphone stays open: people unmute in the middle of a word.
    if (on) this.#want(this.#microphone, this.#audioConstraints());
    else if (!this.microphone) this.#want(this.#microphone, null);
    if (this.microphone) this.microphone.enabled = on;
    this.listener.onChange();
  }

  /** @param {boolean} on */
  setCamera(on) {
    this.problems.delete("video");
    this.#want(this.#camera, on ? this.#videoConstraints() : null);
    this.listener.onChange();
  }

  /** @param {boolean} on */
  setScreen(on) {
    this.problems.delete("screen");
    // there is nobody to show it to before a call
    this.#want(this.#screen, on && this.inUse ? SCREEN : null);
    this.listener.onChange();
  }

  /**
   * Use this microphone or camera from now on; if it is unplugged, the browser takes another.
   * @param {Kind} kind
   * @param {string} id
   */
  choose(kind, id) {
    this.chosen[kind] = id;
    this.problems.delete(kind);
    if (kind === "video") {
      if (this.#camera.wanted) this.#want(this.#camera, this.#videoConstraints());
    } else if (this.#microphone.wanted) this.#want(this.#microphone, this.#audioConstraints());
    this.listener.onChange();
  }

  /** Switch to a phone's other camera; does nothing while one is still opening. */
  switchCamera() {
    if (!this.camera) return;
    this.chosen.video = "";
    this.facing = this.facing === "user" ? "environment" : "user";
    this.setCamera(true);
  }

  /**
   * Another camera takes a photo, until `takeBackCamera`. The call keeps its own for as long as the
   * device lets both run.
   */
  lendCamera() {
    this.#isLent = true;
  }

  /** The device runs one camera at a time: stop the call's own. */
  stepAside() {
    this.#camera.release();
    this.listener.onChange();
  }

  /** @param {MediaStreamTrack | null} track shown to the call while its own camera is stopped */
  substitute(track) {
    this.#substitute = track;
    this.#sendVideo();
    this.listener.onChange();
  }

  takeBackCamera() {
    this.#isLent = false;
    this.substitute(null);
    if (this.#isDue && this.#camera.wanted) this.setCamera(true);
    else this.#camera.settle();
    this.#isDue = false;
  }

  /** Request devices again that a phone took away in the background. */
  check() {
    this.#microphone.regain();
    this.#camera.regain();
  }

  /** Release all devices: no call uses them any more. */
  close() {
    // a microphone that was turned off to end a look is on in the next call
    if (this.previewing) this.speaks = true;
    this.inUse = this.previewing = false;
    this.problems.clear();
    for (const capture of [this.#microphone, this.#camera, this.#screen]) capture.want(null);
    this.#sendVideo();
    this.listener.onChange();
  }

  /**
   * @param {Capture} capture
   * @param {MediaStreamConstraints | null} wanted
   */
  #want(capture, wanted) {
    capture.want(this.inUse || this.previewing ? wanted : null);
    this.#sendVideo();
  }

  /** @returns {MediaStreamConstraints} */
  #audioConstraints() {
    return { audio: { ...AUDIO, ...this.#chosenDevice("audio") } };
  }

  /** @returns {MediaStreamConstraints} */
  #videoConstraints() {
    const which = this.chosen.video ? this.#chosenDevice("video") : { facingMode: this.facing };
    return { video: { ...(isPhone() ? PHONE_VIDEO : DESKTOP_VIDEO), ...which } };
  }

  /** @param {Kind} kind */
  #chosenDevice(kind) {
    return this.chosen[kind] ? { deviceId: this.chosen[kind] } : {};
  }

  /** @param {MediaStreamTrack | null} track */
  #onMicrophone(track) {
    if (track) {
      track.enabled = this.speaks;
      this.problems.delete("audio");
    }
    this.listener.onTrack("audio", track);
  }

  /** @param {MediaStreamTrack | null} track */
  #onCamera(track) {
    this.#sendVideo();
    if (!track) return;
    this.problems.delete("video");
    void this.#countCameras();
  }

  #sendVideo() {
    const { camera } = this;
    if (camera === this.#sentVideo) return;
    this.#sentVideo = camera;
    this.listener.onTrack("video", camera);
  }

  async #countCameras() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.canSwitch = isPhone() && devices.filter(({ kind }) => kind === "videoinput").length > 1;
    this.listener.onChange();
  }

  /**
   * @param {Kind | "screen"} kind
   * @param {unknown} error
   */
  async #refused(kind, error) {
    const failure = deviceFailure(error);
    if (kind === "screen") {
      // Closing the browser's own picker is an answer, not a problem.
      if (failure !== "denied") this.problems.set(kind, explain(failure, kind));
    } else {
      const capture = kind === "audio" ? this.#microphone : this.#camera;
      const asks = failure === "denied" && (await permission(kind)) === "prompt";
      if (capture.refused) this.problems.set(kind, explain(failure, kind, asks));
    }
    this.listener.onChange();
  }
}
