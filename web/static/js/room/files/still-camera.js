/**
 * The camera that takes a photo: the one on the back, in its full resolution, in or out of a call.
 * During a call it runs beside the call's own camera; where a device runs only one at a time, the
 * call shows its picture until the photo is taken. It is stopped as soon as nobody wants it.
 */

import { deviceFailure } from "../../shared/device-failure.js";
import { Capture } from "../call/capture.js";
import { permission } from "../call/device-errors.js";
import { element } from "./elements.js";

/**
 * @import { Devices } from "../call/devices.js"
 * @import { DeviceFailure } from "../../shared/device-failure.js"
 */

/**
 * @typedef {object} StillCameraListener
 * @property {(track: MediaStreamTrack | null) => void} onTrack the live picture from now on
 * @property {(failure: DeviceFailure) => void} onRefused
 * @property {(asking: boolean) => void} onAsking whether the browser's question is open
 */

/** Where the browser takes stills, the live picture need not have their resolution. */
const PREVIEW = { width: { ideal: 1920 }, height: { ideal: 1440 } };
const FULL = { width: { ideal: 4096 }, height: { ideal: 3072 } };
/** Milliseconds for a still: focus and exposure take a second or two; some cameras never answer. */
const STILL_TIMEOUT = 8_000;
const QUALITY = 0.95;

export class StillCamera {
  #capture;
  #listener;
  /** @type {Devices | null} of the call whose camera is aside */
  #lender = null;

  /** @param {StillCameraListener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#capture = new Capture({
      request: (wanted) => navigator.mediaDevices.getUserMedia(wanted),
      lasting: true,
      mayAsk: () => true,
      isPrompt: async () => (await permission("video")) !== "granted",
      onTrack: (track) => this.#onTrack(track),
      onRefused: (error) => this.#refused(error),
      onUnwanted: () => {},
      onChange: () => {
        this.#giveBack();
        listener.onAsking(this.#capture.asking);
      },
    });
  }

  /** @param {Devices | null} devices of a call */
  open(devices) {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#listener.onRefused("disabled");
      return;
    }
    this.#lender = devices;
    devices?.lendCamera();
    this.#want();
  }

  close() {
    this.#capture.want(null);
    this.#giveBack();
  }

  /** The call's camera is requested once no request for this one could get in its way. */
  #giveBack() {
    if (this.#capture.wanted || this.#capture.pending) return;
    const lender = this.#lender;
    this.#lender = null; // first: it tells the page, which may close this again
    lender?.takeBackCamera();
  }

  /** Request again what the system took away while the page was hidden. */
  check() {
    this.#capture.regain();
  }

  /**
   * A photo in the full resolution of the camera.
   * @param {HTMLVideoElement} video that shows the track
   * @returns {Promise<Blob | null>} null if the camera gives none
   */
  async take(video) {
    const { track } = this.#capture;
    if (!track) return null;
    return (await still(track)) ?? frame(video);
  }

  #want() {
    const size = "ImageCapture" in window ? PREVIEW : FULL;
    this.#capture.want({ video: { ...size, facingMode: { ideal: "environment" } } });
  }

  /** @param {MediaStreamTrack | null} track */
  #onTrack(track) {
    this.#lender?.substitute(track);
    const own = this.#lender?.camera;
    // Some systems silence the first camera instead of refusing the second.
    if (track && own && own !== track) {
      const check = () => own.muted && this.#capture.track && this.#lender?.stepAside();
      own.addEventListener("mute", check);
      check();
    }
    this.#listener.onTrack(track);
  }

  /** @param {unknown} error */
  #refused(error) {
    const failure = deviceFailure(error);
    // The call's own camera may be what keeps this one busy.
    if (failure === "busy" && this.#lender?.camera) {
      this.#lender.stepAside();
      this.#want();
      return;
    }
    this.#listener.onRefused(failure);
  }
}

/**
 * @param {MediaStreamTrack} track
 * @returns {Promise<Blob | null>} null where the browser or the camera takes no stills
 */
async function still(track) {
  const Camera = /** @type {any} */ (window).ImageCapture;
  if (!Camera) return null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<null>} */
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(() => resolve(null), STILL_TIMEOUT);
  });
  try {
    return await Promise.race([fullStill(new Camera(track)), tooLate]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {any} camera an ImageCapture (W3C Image Capture), which TypeScript does not know
 * @returns {Promise<Blob>}
 */
async function fullStill(camera) {
  const { imageWidth, imageHeight } = await camera.getPhotoCapabilities();
  const size =
    imageWidth?.max && imageHeight?.max
      ? { imageWidth: imageWidth.max, imageHeight: imageHeight.max }
      : {};
  try {
    return await camera.takePhoto(size);
  } catch {
    // not every camera takes what it announces
    return camera.takePhoto();
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<Blob | null>} the frame that is shown, as a JPEG
 */
function frame(video) {
  const canvas = element("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  if (!context || !video.videoWidth) return Promise.resolve(null);
  context.drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
