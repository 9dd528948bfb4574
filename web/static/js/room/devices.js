/**
 * Microphone, camera and screen of this device: asked for after a tap, microphone first, taken
 * again when the system took them away. Knows no connection: it tells who listens.
 */

import { _ } from "../shared/catalog.js";

/** @typedef {"audio" | "video"} Kind */
/** @typedef {import("./messages.js").MediaState} MediaState */

/**
 * @typedef {object} DevicesListener
 * @property {(kind: Kind | "screen", track: MediaStreamTrack | null) => void} onTrack what to send
 *   from now on
 * @property {(sentence: string) => void} onProblem for the reader
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

export class Devices {
  /** @type {MediaStreamTrack | null} */
  microphone = null;
  /** @type {MediaStreamTrack | null} */
  camera = null;
  /** @type {MediaStreamTrack | null} */
  screen = null;
  facing = "user";
  canSwitch = false;
  /** What the person wants, whatever the system allows at this moment. */
  wanted = { microphone: true, camera: false };
  /** Device ids chosen by hand; empty: the browser's choice. */
  chosen = { audio: "", video: "" };

  /** @param {DevicesListener} listener */
  constructor(listener) {
    this.listener = listener;
  }

  /** @returns {MediaState} */
  get state() {
    return {
      microphone: this.microphone !== null && this.microphone.enabled,
      camera: this.camera !== null,
      screen: this.screen !== null,
    };
  }

  /** @returns {MediaStreamTrack | null} what others see first */
  get picture() {
    return this.screen ?? this.camera;
  }

  /**
   * Ask for the microphone, then for the camera: two questions are refused less often than one.
   * A refusal is told and the call goes on without.
   * @param {boolean} withCamera
   */
  async open(withCamera) {
    await this.setMicrophone(true);
    if (withCamera) await this.setCamera(true);
  }

  /** @param {boolean} on */
  async setMicrophone(on) {
    this.wanted.microphone = on;
    if (on && this.microphone?.readyState !== "live") {
      const track = await this.#ask("audio", { audio: { ...SOUND, ...this.#device("audio") } });
      if (track) {
        this.microphone = track;
        track.onended = () => this.#takeAgain("audio");
        this.listener.onTrack("audio", track);
      }
    }
    if (this.microphone) this.microphone.enabled = on;
    this.listener.onChange();
  }

  /** @param {boolean} on */
  async setCamera(on) {
    this.wanted.camera = on;
    if (!on) this.#stopCamera();
    else if (this.camera?.readyState !== "live") await this.#openCamera();
    this.#tellPicture();
  }

  /**
   * Use this microphone or camera from now on; an unplugged one gives way to another.
   * @param {Kind} kind
   * @param {string} id
   */
  async choose(kind, id) {
    this.chosen[kind] = id;
    if (kind === "video") {
      if (!this.camera) return;
      this.#stopCamera();
      await this.#openCamera();
      this.#tellPicture();
    } else if (this.microphone) {
      this.microphone.onended = null;
      this.microphone.stop();
      this.microphone = null;
      this.listener.onTrack("audio", null);
      await this.setMicrophone(this.wanted.microphone);
    }
  }

  /** The other camera of a phone. */
  async switchCamera() {
    this.chosen.video = "";
    this.facing = this.facing === "user" ? "environment" : "user";
    // Many phones cannot have both cameras open at once.
    this.#stopCamera();
    await this.#openCamera();
    this.#tellPicture();
  }

  /** @param {boolean} on */
  async setScreen(on) {
    if (!on) {
      this.screen?.stop();
      this.screen = null;
    } else {
      try {
        const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 10 } });
        [this.screen = null] = stream.getVideoTracks();
        if (this.screen) {
          this.screen.contentHint = "detail";
          this.screen.onended = () => void this.setScreen(false);
        }
      } catch (error) {
        // Closing the browser's own chooser is an answer, not a problem.
        if (!(error instanceof DOMException && error.name === "NotAllowedError"))
          this.#tell(error, "screen");
      }
    }
    this.#tellPicture();
  }

  /** Phones take camera and microphone away in the background: look whether they still live. */
  async check() {
    if (this.microphone && this.microphone.readyState === "ended") await this.#takeAgain("audio");
    if (this.camera && this.camera.readyState === "ended") await this.#takeAgain("video");
  }

  close() {
    for (const track of [this.microphone, this.camera, this.screen]) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    this.microphone = this.camera = this.screen = null;
    this.listener.onTrack("audio", null);
    this.#tellPicture();
  }

  async #openCamera() {
    const picture = isPhone() ? PHONE_PICTURE : DESK_PICTURE;
    const which = this.chosen.video ? this.#device("video") : { facingMode: this.facing };
    const track = await this.#ask("video", { video: { ...picture, ...which } });
    if (!track) return;
    this.camera = track;
    track.onended = () => this.#takeAgain("video");
    const devices = await navigator.mediaDevices.enumerateDevices();
    this.canSwitch = isPhone() && devices.filter((one) => one.kind === "videoinput").length > 1;
  }

  /** @param {Kind} kind */
  #device(kind) {
    return this.chosen[kind] ? { deviceId: this.chosen[kind] } : {};
  }

  #stopCamera() {
    if (this.camera) this.camera.onended = null;
    this.camera?.stop();
    this.camera = null;
  }

  #tellPicture() {
    this.listener.onTrack("screen", this.screen);
    this.listener.onTrack("video", this.camera);
    this.listener.onChange();
  }

  /** @param {Kind} kind */
  async #takeAgain(kind) {
    if (kind === "audio") {
      this.microphone = null;
      await this.setMicrophone(this.wanted.microphone);
    } else {
      this.#stopCamera();
      await this.setCamera(this.wanted.camera);
    }
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamConstraints} constraints
   * @returns {Promise<MediaStreamTrack | null>}
   */
  async #ask(kind, constraints) {
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "InsecureError");
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      return stream.getTracks()[0] ?? null;
    } catch (error) {
      this.#tell(error, kind);
      return null;
    }
  }

  /**
   * @param {unknown} error
   * @param {Kind | "screen"} kind
   */
  #tell(error, kind) {
    this.listener.onProblem(explain(error instanceof Error ? error.name : "", kind));
  }
}

/**
 * What a refusal of the browser means, and what to do about it.
 * @param {string} name of the DOMException
 * @param {Kind | "screen"} kind
 * @returns {string}
 */
export function explain(name, kind) {
  if (name === "InsecureError") {
    return _(
      "Camera and microphone only work on a secure page (https). You can still write messages.",
    );
  }
  if (kind === "screen") return _("The screen cannot be shared from this browser.");
  const sound = kind === "audio";
  switch (name) {
    case "NotAllowedError":
      return sound
        ? _(
            "This browser does not allow the microphone. Allow it in the browser's settings for this page, then press Microphone.",
          )
        : _(
            "This browser does not allow the camera. Allow it in the browser's settings for this page, then press Camera.",
          );
    case "NotFoundError":
      return sound
        ? _("No microphone was found. Connect one, then press Microphone.")
        : _("No camera was found. You can go on without a picture.");
    case "NotReadableError":
    case "AbortError":
      return sound
        ? _("Another program is using the microphone. Close it, then press Microphone.")
        : _("Another program is using the camera. Close it, then press Camera.");
    case "OverconstrainedError":
      return _("This camera cannot be used. Try another one.");
    case "SecurityError":
      return _(
        "Camera and microphone are switched off on this device. You can still write messages.",
      );
    default:
      return sound
        ? _("The microphone does not work at the moment. You can still write messages.")
        : _("The camera does not work at the moment. You can go on without a picture.");
  }
}
