/**
 * What somebody sees who is asked for a photo: who asks, the back camera, the photo before it is
 * sent. The steps are in `photo-steps.js`, the camera is in `still-camera.js`.
 */

import { _, fill } from "../../shared/catalog.js";
import { setText, show } from "../../shared/dom.js";
import { serverNow } from "../../shared/time/server-clock.js";
import { nameOf } from "../state.js";
import { button, element, styleSheet } from "./elements.js";
import { openRequest, photoName, stepAfter } from "./photo-steps.js";
import { StillCamera } from "./still-camera.js";

/**
 * @import { Devices } from "../call/devices.js"
 * @import { DeviceFailure } from "../../shared/device-failure.js"
 * @import { Room } from "../state.js"
 * @import { Step, StepEvent } from "./photo-steps.js"
 */

/** @typedef {{ file: Blob, name: string, caption: string, request?: string }} NewFile */

/**
 * @typedef {object} PhotoRequestOptions
 * @property {() => Devices | null} devices of a call
 * @property {(file: NewFile) => void} send
 * @property {(file: File) => void} keep a photo that nobody asks for any more, and that was not sent
 * @property {(requestId: string, answer: "declined" | "failed") => void} answer
 * @property {string} storageKey under which a reload finds what was answered
 */

export class PhotoRequestDialog {
  /** @type {Step} */
  #step = "question";
  /** @type {Set<string>} */
  #answered;
  #requestId = "";
  /** @type {{ file: Blob, name: string } | null} before it is sent */
  #photo = null;
  #photoAddress = "";
  /** Why a request is shown again. @type {{ requestId: string, reason: string }} */
  #askedAgain = { requestId: "", reason: "" };
  #title = element("h2", { id: "photo-request-title" });
  #hint = element("p", { class: "hint" }, _("Everybody in this session will see the photo."));
  #words = element("p", { class: "notice warning", role: "status", hidden: "" });
  #video = element("video", { playsinline: "", autoplay: "", muted: "" });
  #picture = element("img", { alt: _("Your photo") });
  #phoneCamera = this.#input({ capture: "environment" });
  #files = this.#input({});
  #take = button(_("Take the photo"), () => void this.#takePressed(), { class: "primary" });
  #useCamera = button(_("Use the phone's camera app"), () => this.#phoneCamera.click());
  #choose = button(_("Choose a photo"), () => this.#files.click());
  #send = button(_("Send"), () => this.#do("send"), { class: "primary" });
  #again = button(_("Take again"), () => this.#do("again"));
  #notNow = button(_("Not now"), () => this.#do("not_now"));
  #camera = new StillCamera({
    onTrack: (track) => this.#onTrack(track),
    onRefused: (failure) => this.#refused(failure),
    onAsking: (asking) => {
      if (this.#step === "camera") {
        this.#say(asking ? _("Your browser asks about the camera: please allow it.") : "");
      }
    },
  });

  /** @param {PhotoRequestOptions} options */
  constructor(options) {
    this.options = options;
    this.#answered = new Set(restored(options.storageKey));
    this.#video.setAttribute("aria-label", _("Picture of the camera"));
    // the attribute alone mutes no video that a script has made
    this.#video.muted = true;
    this.dialog = element("dialog", {
      class: "photo-request",
      "aria-labelledby": "photo-request-title",
    });
    const actions = element("div", { class: "actions" });
    actions.append(
      this.#send,
      this.#take,
      this.#again,
      this.#useCamera,
      this.#choose,
      this.#notNow,
      this.#phoneCamera,
      this.#files,
    );
    this.dialog.append(this.#title, this.#hint, this.#words, this.#video, this.#picture, actions);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#do("not_now");
    });
    this.#picture.addEventListener("error", () => this.#noPreview());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.#step === "camera") this.#camera.check();
    });
  }

  /**
   * @param {Room} room
   * @param {boolean} interrupted a call rings: it has to be answered first
   */
  async render(room, interrupted) {
    const request = openRequest(room, this.#answered);
    if (!request) {
      // the server may have started again, which knows of no request
      if (this.#step === "review" && this.#photo) {
        const { file, name } = this.#photo;
        this.options.keep(new File([file], name, { type: file.type }));
      }
      if (this.#requestId) this.#end();
      return;
    }
    this.#requestId = request.request_id;
    const name = nameOf(room, request.asked_by);
    setText(this.#title, fill(_("%(name)s asks for a photo"), { name }));
    if (interrupted) {
      this.#do("interrupt");
      this.#hide();
    } else if (!this.dialog.isConnected) await this.#open();
  }

  /**
   * The photo that was sent for a request did not arrive in the chat.
   * @param {string} requestId
   * @param {string} reason a sentence, maybe empty
   */
  askAgain(requestId, reason) {
    this.#askedAgain = { requestId, reason };
    if (!this.#answered.delete(requestId)) return;
    store(this.options.storageKey, [...this.#answered]);
  }

  /** The page is being left: no camera stays open. */
  leave() {
    this.#camera.close();
  }

  async #open() {
    document.body.append(this.dialog);
    const { requestId, reason } = this.#askedAgain;
    this.#say(requestId === this.#requestId ? reason : "");
    this.#show();
    await styleSheet("viewer.css");
    if (!this.dialog.isConnected || this.dialog.open) return;
    this.dialog.showModal();
    this.#take.focus();
  }

  #hide() {
    if (this.dialog.open) this.dialog.close();
    this.dialog.remove();
  }

  /** Nobody asks any more. */
  #end() {
    this.#requestId = "";
    this.#camera.close();
    this.#setPhoto(null);
    this.#step = "question";
    this.#say("");
    this.#hide();
  }

  /** @param {StepEvent} event */
  #do(event) {
    const before = this.#step;
    this.#step = stepAfter(before, event);
    if (this.#step === before) return;
    // Opened by a tap, and closed as soon as the photo is there.
    if (this.#step === "camera") this.#camera.open(this.options.devices());
    else this.#camera.close();
    if (this.#step !== "failed") this.#say("");
    if (before === "review" && event === "again") this.#setPhoto(null);
    if (this.#step === "sent" && this.#photo) {
      this.options.send({ ...this.#photo, caption: "", request: this.#requestId });
    } else if (this.#step === "declined") this.options.answer(this.#requestId, "declined");
    else if (this.#step === "unable") this.options.answer(this.#requestId, "failed");
    if (["sent", "declined", "unable"].includes(this.#step)) {
      this.#answered.add(this.#requestId);
      store(this.options.storageKey, [...this.#answered]);
      this.#end();
    } else this.#show();
  }

  #show() {
    const step = this.#step;
    this.dialog.dataset.step = step;
    show(this.#hint, step === "question");
    show(this.#video, step === "camera");
    show(this.#picture, step === "review");
    show(this.#take, step !== "review");
    show(this.#send, step === "review");
    show(this.#again, step === "review");
    show(this.#useCamera, step === "failed");
    show(this.#choose, step === "failed" || step === "question");
    this.#take.disabled = step === "camera" && !this.#video.srcObject;
    if (!this.dialog.open) return;
    if (step === "review") this.#send.focus();
    else if (step === "failed") this.#useCamera.focus();
    else if (document.activeElement === document.body) this.#take.focus();
  }

  async #takePressed() {
    if (this.#step !== "camera") {
      this.#do("take");
      return;
    }
    this.#take.disabled = true;
    const file = await this.#camera.take(this.#video);
    if (this.#step !== "camera") return;
    if (!file) return this.#refused("unknown");
    this.#setPhoto({ file, name: photoName(new Date(serverNow()), file.type) });
    this.#do("taken");
  }

  /** @param {MediaStreamTrack | null} track */
  #onTrack(track) {
    this.#video.srcObject = track ? new MediaStream([track]) : null;
    this.#take.disabled = !track && this.#step === "camera";
    // Refused where the page needs a tap first; the tap on the button was one.
    if (track) void this.#video.play().catch(() => {});
  }

  /** @param {DeviceFailure} failure */
  #refused(failure) {
    this.#do("refused");
    this.#say(failureSentence(failure));
  }

  /** @param {{ file: Blob, name: string } | null} photo */
  #setPhoto(photo) {
    if (this.#photoAddress) URL.revokeObjectURL(this.#photoAddress);
    this.#photo = photo;
    this.#photoAddress = photo ? URL.createObjectURL(photo.file) : "";
    if (photo) this.#picture.src = this.#photoAddress;
    else this.#picture.removeAttribute("src");
  }

  /** A photo that this browser cannot show, as HEIC, can be sent all the same. */
  #noPreview() {
    if (this.#photo) this.#say(fill(_("Chosen: %(name)s"), { name: this.#photo.name }));
  }

  /** @param {string} sentence */
  #say(sentence) {
    setText(this.#words, sentence);
    show(this.#words, sentence !== "");
  }

  /** @param {Record<string, string>} attributes */
  #input(attributes) {
    const input = element("input", { type: "file", accept: "image/*", hidden: "", ...attributes });
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = "";
      if (!file) return;
      this.#setPhoto({ file, name: file.name });
      this.#do("chosen");
    });
    return input;
  }
}

/** @param {DeviceFailure} failure */
function failureSentence(failure) {
  switch (failure) {
    case "denied":
      return _(
        "This page may not use the camera. Allow it in the browser's settings, use the phone's camera app, or choose a photo.",
      );
    case "missing":
      return _("No camera was found. You can choose a photo.");
    case "busy":
      return _(
        "Another program is using the camera. Close it and try again, use the phone's camera app, or choose a photo.",
      );
    default:
      return _(
        "The camera does not work on this page. Use the phone's camera app, or choose a photo.",
      );
  }
}

/**
 * @param {string} key
 * @returns {string[]}
 */
function restored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) || "[]");
  } catch {
    return [];
  }
}

/**
 * @param {string} key
 * @param {string[]} ids
 */
function store(key, ids) {
  try {
    sessionStorage.setItem(key, JSON.stringify(ids));
  } catch {
    // Without storage a reload asks again.
  }
}
