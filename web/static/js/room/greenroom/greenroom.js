/**
 * Before a call: one's own picture, how loud one is, and which devices a call will use. Nothing of
 * it is sent to anybody. Loaded when it is wanted for the first time; see `lazy-greenroom.js`.
 */

import { permission } from "../call/device-errors.js";
import { DevicePicker } from "../call/device-picker.js";
import { deviceSentences } from "../call/controls.js";
import { button, element } from "../files/elements.js";
import { _ } from "../../shared/catalog.js";
import { byId, setText, show } from "../../shared/dom.js";

/** @import { CallController } from "../call/call-controller.js" */

/** The lists of devices: id -> label. */
const LISTS = {
  "preview-microphone": () => _("Microphone"),
  "preview-camera": () => _("Camera"),
  "preview-speaker": () => _("Speaker"),
};

export class Greenroom {
  #see = byId("see-yourself", HTMLButtonElement);
  #video = element("video", { playsinline: "", "aria-label": _("Your own picture") });
  #microphone;
  #camera;
  #words = element("p", { class: "notice warning", role: "status", hidden: "" });
  #controls;
  #devices;
  /** A video call comes in. */
  #rings = false;
  /** The look began with the ring, and ends with it. */
  #isForRing = false;
  #wasOn = false;

  /** @param {CallController} media whose devices a call will use as well */
  constructor(media) {
    const { devices } = media;
    this.#devices = devices;
    const turnMicrophone = () => {
      if (!devices.previewing) return;
      devices.setMicrophone(!devices.state.microphone);
      this.#endIfNothingIsOn();
    };
    const turnCamera = () => {
      if (!devices.previewing) return;
      devices.setCamera(!devices.state.camera);
      this.#endIfNothingIsOn();
    };
    this.#microphone = button(_("Microphone"), turnMicrophone, { id: "look-microphone" });
    this.#camera = button(_("Camera"), turnCamera, { id: "look-camera" });
    const level = {
      id: "preview-level",
      min: "0",
      max: "1",
      "aria-label": _("Level of your voice"),
    };
    this.#controls = element(
      "div",
      {
        id: "look",
        class: "look",
        role: "group",
        hidden: "",
        "aria-label": _("Microphone and camera"),
      },
      element(
        "div",
        { class: "actions" },
        ...[this.#microphone, this.#camera, element("meter", level)],
      ),
      choice(),
    );
    const picture = byId("own-picture", HTMLElement);
    this.#video.muted = true;
    picture.append(this.#video);
    picture.after(this.#controls, this.#words);
    new DevicePicker(devices, (id) => media.tiles.setSpeaker(id), "preview");
  }

  /** Turn the devices on, as somebody asked to. */
  look() {
    this.#devices.preview();
  }

  /**
   * @param {boolean} shown whether this is a moment before a call
   * @param {boolean} rings whether a video call comes in
   */
  render(shown, rings) {
    const devices = this.#devices;
    if (rings && !this.#rings) void this.#lookIfAllowed();
    if (!shown || (this.#isForRing && !rings)) devices.endPreview();
    this.#rings = rings;
    if (!devices.previewing) this.#isForRing = false;
    const on = devices.previewing;
    const { camera, microphone } = devices.state;
    this.#microphone.setAttribute("aria-pressed", String(microphone));
    this.#camera.setAttribute("aria-pressed", String(camera));
    this.#showPicture(on ? devices.camera : null);
    const sentences = on ? deviceSentences(devices) : [];
    setText(this.#words, sentences.join(" "));
    show(this.#words, sentences.length > 0);
    this.#switchTo(on);
  }

  /** @param {boolean} on */
  #switchTo(on) {
    const { activeElement } = document;
    const had = activeElement === this.#see || this.#controls.contains(activeElement);
    show(this.#controls, on);
    show(this.#see, !on);
    show(byId("own-hint", HTMLElement), !on);
    if (on !== this.#wasOn && had) (on ? this.#camera : this.#see).focus();
    this.#wasOn = on;
  }

  /** The browser is not to ask while it rings: a question that nobody asked for is refused. */
  async #lookIfAllowed() {
    const states = await Promise.all([permission("video"), permission("audio")]);
    const isAllowed = states.every((state) => state === "granted");
    if (!isAllowed || !this.#rings || this.#devices.previewing || this.#devices.inUse) return;
    this.#isForRing = true;
    this.#devices.preview();
  }

  #endIfNothingIsOn() {
    const { speaks, wantsCamera } = this.#devices;
    if (!speaks && !wantsCamera) this.#devices.endPreview();
  }

  /** @param {MediaStreamTrack | null} track */
  #showPicture(track) {
    const video = this.#video;
    const stream = video.srcObject;
    const [current = null] = stream instanceof MediaStream ? stream.getTracks() : [];
    if (current !== track) {
      video.srcObject = track ? new MediaStream([track]) : null;
      if (track) video.play().catch(() => {});
    }
    // people know their own face from mirrors
    video.classList.toggle("mirrored", this.#devices.facing === "user");
    show(video, track !== null);
  }
}

function choice() {
  return element(
    "details",
    { id: "preview-devices" },
    element("summary", {}, _("Microphone, camera and speaker")),
    element(
      "div",
      {},
      ...Object.entries(LISTS).map(([id, label]) =>
        element(
          "p",
          { hidden: "" },
          element("label", { for: id }, label()),
          element("select", { id }),
        ),
      ),
    ),
  );
}
