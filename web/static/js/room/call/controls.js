/** The buttons around a call: ring, answer, join, and what one does while in it. */

import { _, fill } from "../../shared/catalog.js";
import { byId, setText, show } from "../../shared/dom.js";
import { canCall } from "./can-call.js";
import { isPhone } from "./devices.js";
import { whyNoCalls } from "./device-errors.js";
import { nameOf, uncallable } from "../state.js";

/**
 * @import { CallMembership } from "./call-membership.js"
 * @import { Devices } from "./devices.js"
 * @import { Room } from "../state.js"
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
  #able = canCall();

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
   * @param {Pick<CallMembership, "phase" | "inside">} attendance
   * @param {boolean} audioOnly
   */
  render(room, { phase, inside }, audioOnly) {
    const active = room.consultation?.state === "active";
    const wasRinging = !this.#incoming.hidden;
    const rings = phase === "incoming" && !inside && this.#able;
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
    const possible = this.#able && phase === "none" && !uncallable(room).all;
    show(byId("start-call", HTMLElement), active && !inside && !rings);
    show(byId("start-video", HTMLElement), possible);
    show(byId("start-audio", HTMLElement), possible);
    show(byId("join-call", HTMLElement), joinable && this.#able);
    show(byId("call", HTMLElement), inside);
    byId("room", HTMLElement).classList.toggle("in-call", inside);
    press(this.#audioOnly, audioOnly);
    say(byId("no-calls", HTMLElement), active ? this.#whoCannot(room) : []);
    this.#renderDevices();
  }

  /**
   * @param {Room} room
   * @returns {string[]}
   */
  #whoCannot(room) {
    if (!this.#able) return [whyNoCalls()];
    const sentence = _("%(name)s cannot take calls with the browser used there. Messages work.");
    return uncallable(room).people.map(({ name }) => fill(sentence, { name }));
  }

  #renderDevices() {
    const { microphone, camera, screen = false } = this.devices.state;
    press(this.#microphone, microphone);
    press(this.#camera, camera);
    press(this.#screen, screen);
    const { asking, problems } = this.devices;
    const question = _(
      "Your browser asks whether this page may use microphone and camera: please allow it. If you do not see the question, tap the symbol beside the address of this page.",
    );
    say(byId("device-words", HTMLElement), [...(asking ? [question] : []), ...problems.values()]);
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
 * @param {HTMLElement} place
 * @param {string[]} sentences
 */
function say(place, sentences) {
  setText(place, sentences.join(" "));
  show(place, sentences.length > 0);
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
