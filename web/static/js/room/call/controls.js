/** The buttons of a call: start, answer, join, and what can be done while in it. */

import { _, fill } from "../../shared/catalog.js";
import { byId, ignoreStrayPresses, maybe, setText, show } from "../../shared/dom.js";
import { shownName } from "../../shared/labels.js";
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
 * @property {(media: "audio" | "video") => unknown} start
 * @property {(withCamera?: boolean) => void} accept
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
  #canCall = canCall();
  /** The focus was in a call that is over, or on the button that declined one. */
  #leaves = false;

  /**
   * @param {Devices} devices
   * @param {ControlActions} actions
   */
  constructor(devices, actions) {
    this.devices = devices;
    ignoreStrayPresses();
    on("start-video", () => actions.start("video"));
    on("start-audio", () => actions.start("audio"));
    on("accept-call", () => actions.accept());
    on("accept-without-camera", () => actions.accept(false));
    on("join-call", () => actions.accept());
    on("decline-call", actions.decline);
    on("hang-up", actions.hangUp);
    on("microphone", () => devices.setMicrophone(!devices.state.microphone));
    once("camera", () => devices.setCamera(!devices.state.camera));
    on("switch-camera", () => devices.switchCamera());
    on("audio-only", actions.toggleAudioOnly);
    once("share-screen", () => devices.setScreen(!devices.state.screen));
  }

  /**
   * @param {Room} room
   * @param {Pick<CallMembership, "phase" | "inside">} attendance
   * @param {boolean} audioOnly
   * @param {boolean} saves data: audio first
   */
  render(room, { phase, inside }, audioOnly, saves) {
    const active = room.consultation?.state === "active";
    const wasRinging = !this.#incoming.hidden;
    const rings = phase === "incoming" && !inside && this.#canCall;
    // not when the caller gives up: the same key would call back
    const declines = wasRinging && !rings && phase === "leaving";
    if (declines && this.#incoming.contains(document.activeElement)) this.#leaves = true;
    show(this.#incoming, rings);
    if (rings && room.call) {
      const isVideo = room.call.media === "video";
      const sentence = isVideo
        ? _("%(name)s is calling you (video)")
        : _("%(name)s is calling you");
      show(byId("accept-without-camera", HTMLElement), isVideo && !saves);
      const name = nameOf(room, room.call.started_by);
      setText(byId("incoming-text", HTMLElement), fill(sentence, { name }));
      // Focus the answer, unless somebody is typing.
      if (!wasRinging && document.activeElement === document.body) {
        byId("accept-call", HTMLButtonElement).focus();
      }
    }
    const joinable = phase === "joinable" || phase === "elsewhere";
    const canStart = this.#canCall && phase === "none" && !uncallable(room).all;
    show(byId("start-call", HTMLElement), active && !inside && !rings);
    show(byId("start-video", HTMLElement), canStart && !saves);
    show(byId("start-audio", HTMLElement), canStart);
    show(byId("join-call", HTMLElement), joinable && this.#canCall);
    this.#showCall(inside);
    byId("room", HTMLElement).classList.toggle("in-call", inside);
    setPressed(this.#audioOnly, audioOnly);
    showSentences(byId("no-calls", HTMLElement), active ? this.#missingCalls(room) : []);
    const ways = maybe("no-calls-ways", HTMLElement);
    show(ways, active && !this.#canCall);
    // no browser calls on a page without TLS
    show(ways?.querySelector(".ways-out") ?? null, isSecureContext);
    this.#renderDevices();
  }

  /**
   * The focus goes on from a button that is gone to the first one of what is there now.
   * @param {boolean} inside
   */
  #showCall(inside) {
    const call = byId("call", HTMLElement);
    if (call.hidden !== inside) return;
    this.#leaves = !inside && call.contains(document.activeElement);
    show(call, inside);
    if (inside && isFocusLost()) this.#microphone.focus();
  }

  /** After a call, as soon as another one is possible and the page shows the ways into it. */
  focusNext() {
    const ways = ["join-call", "start-video", "start-audio"].map((id) => byId(id, HTMLElement));
    const next = ways.find((button) => !button.closest("[hidden]"));
    if (!this.#leaves || !next) return;
    this.#leaves = false;
    if (isFocusLost()) next.focus();
  }

  /**
   * @param {Room} room
   * @returns {string[]}
   */
  #missingCalls(room) {
    if (!this.#canCall) return [whyNoCalls()];
    const sentence = _("%(name)s cannot take calls with the browser used there. Messages work.");
    return uncallable(room).people.map((each) => fill(sentence, { name: shownName(each) }));
  }

  #renderDevices() {
    const { microphone, camera, screen = false } = this.devices.state;
    setPressed(this.#microphone, microphone);
    setPressed(this.#camera, camera);
    setPressed(this.#screen, screen);
    showSentences(byId("device-words", HTMLElement), deviceSentences(this.devices));
    // Not hidden while it cannot be used: the buttons beside it would move.
    show(this.#switch, isPhone());
    this.#switch.disabled = !(camera && this.devices.canSwitch);
    show(this.#screen, !isPhone() && "getDisplayMedia" in (navigator.mediaDevices ?? {}));
  }
}

/** Whether the keyboard would begin at the top of the page: what had the focus is gone. */
function isFocusLost() {
  const focused = document.activeElement;
  return !focused || focused === document.body || focused.closest("[hidden]") !== null;
}

/**
 * What the reader has to know, or do, about microphone and camera.
 * @param {Devices} devices
 * @returns {string[]}
 */
export function deviceSentences({ asking, problems }) {
  const question = _(
    "Your browser asks whether this page may use microphone and camera: please allow it. If you do not see the question, tap the symbol beside the address of this page.",
  );
  return [...(asking ? [question] : []), ...problems.values()];
}

/**
 * @param {string} id
 * @param {() => unknown} action
 */
function on(id, action) {
  byId(id, HTMLButtonElement).addEventListener("click", () => void action());
}

/**
 * A double press is one wish. What opens takes a moment: the second press would turn off again what is
 * there by then, and turn on again what the first one has turned off.
 * @param {string} id
 * @param {() => unknown} action
 */
function once(id, action) {
  byId(id, HTMLButtonElement).addEventListener("click", ({ detail }) => {
    if (detail < 2) action();
  });
}

/**
 * @param {HTMLElement} element
 * @param {string[]} sentences
 */
function showSentences(element, sentences) {
  setText(element, sentences.join(" "));
  show(element, sentences.length > 0);
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} pressed
 */
function setPressed(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
