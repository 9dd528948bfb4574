/** The buttons around a call: ring, answer, join, and what one does while in it. */

import { _, fill } from "../shared/catalog.js";
import { byId, setText, show } from "../shared/dom.js";
import { isPhone } from "./devices.js";
import { nameOf } from "./state.js";

/**
 * @import { Devices } from "./devices.js"
 * @import { Room } from "./state.js"
 */

/**
 * @typedef {object} ControlActions
 * @property {(media: "audio" | "video") => void} start
 * @property {() => void} accept
 * @property {() => void} decline
 * @property {() => void} hangUp
 * @property {() => void} toggleAudioOnly
 */

export class Controls {
  #incoming = byId("incoming", HTMLElement);
  #microphone = byId("microphone", HTMLButtonElement);
  #camera = byId("camera", HTMLButtonElement);
  #screen = byId("share-screen", HTMLButtonElement);
  #audioOnly = byId("audio-only", HTMLButtonElement);
  #switch = byId("switch-camera", HTMLButtonElement);

  /**
   * @param {Devices} devices
   * @param {ControlActions} actions
   */
  constructor(devices, actions) {
    this.devices = devices;
    on("start-video", () => actions.start("video"));
    on("start-audio", () => actions.start("audio"));
    on("accept-call", actions.accept);
    on("join-call", actions.accept);
    on("decline-call", actions.decline);
    on("hang-up", actions.hangUp);
    on("microphone", () => devices.setMicrophone(!devices.state.microphone));
    on("camera", () => devices.setCamera(!devices.state.camera));
    on("switch-camera", () => devices.switchCamera());
    on("audio-only", actions.toggleAudioOnly);
    on("share-screen", () => devices.setScreen(!devices.state.screen));
  }

  /**
   * @param {Room} room
   * @param {"none" | "incoming" | "joined" | "elsewhere" | "joinable"} phase
   * @param {boolean} entering the devices are being asked for
   * @param {boolean} audioOnly
   */
  render(room, phase, entering, audioOnly) {
    const active = room.consultation?.state === "active";
    const inside = phase === "joined" || entering;
    const wasRinging = !this.#incoming.hidden;
    const rings = phase === "incoming" && !entering;
    show(this.#incoming, rings);
    if (rings && room.call) {
      const sentence =
        room.call.media === "video" ? _("%(name)s starts a video call") : _("%(name)s calls");
      const name = nameOf(room, room.call.started_by);
      setText(byId("incoming-text", HTMLElement), fill(sentence, { name }));
      // The keyboard is where the question is, unless somebody is writing.
      if (!wasRinging && document.activeElement === document.body) {
        byId("accept-call", HTMLButtonElement).focus();
      }
    }
    const joinable = phase === "joinable" || phase === "elsewhere";
    show(byId("start-call", HTMLElement), active && !inside && !rings);
    show(byId("start-video", HTMLElement), phase === "none");
    show(byId("start-audio", HTMLElement), phase === "none");
    show(byId("join-call", HTMLElement), joinable);
    show(byId("call", HTMLElement), inside);
    byId("room", HTMLElement).classList.toggle("in-call", inside);
    press(this.#audioOnly, audioOnly);
    this.#renderDevices();
  }

  #renderDevices() {
    const { microphone, camera, screen = false } = this.devices.state;
    press(this.#microphone, microphone);
    press(this.#camera, camera);
    press(this.#screen, screen);
    show(this.#switch, camera && this.devices.canSwitch);
    show(this.#screen, !isPhone() && "getDisplayMedia" in (navigator.mediaDevices ?? {}));
  }
}

/**
 * @param {string} id
 * @param {() => unknown} action
 */
function on(id, action) {
  byId(id, HTMLButtonElement).addEventListener("click", () => void action());
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
