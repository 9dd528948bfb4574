/** The header of the session page: its state, who is present, and the scheduler's next step. */

import { _, dateWords, fill } from "../shared/catalog.js";
import { byId, clone, follow, inside, maybe, setText, show } from "../shared/dom.js";
import { otherSide } from "./state.js";

/**
 * @import { Participant } from "../signaling/values.js"
 * @import { Room } from "./state.js"
 */

/**
 * @typedef {object} SessionHeaderActions
 * @property {() => Promise<unknown>} start
 * @property {() => Promise<unknown>} resume
 * @property {(choice: "close" | "keep_open") => void} terminate
 */

/** At most this many milliseconds are between the clicks of a double click (Windows' default). */
const DOUBLE_CLICK = 500;

export class SessionHeader {
  #heading = byId("heading", HTMLElement);
  #otherSide = byId("other-side", HTMLElement);
  #start = maybe("start-session", HTMLButtonElement);
  #resume = maybe("resume-session", HTMLButtonElement);
  #terminate = maybe("terminate-session", HTMLButtonElement);
  #dialog = maybe("terminate-dialog", HTMLDialogElement);
  #busy = false;
  #pressedAt = -Infinity;

  /** @param {SessionHeaderActions} actions */
  constructor(actions) {
    this.#start?.addEventListener("click", () => this.#runOnce(actions.start));
    this.#resume?.addEventListener("click", () => this.#runOnce(actions.resume));
    this.#terminate?.addEventListener("click", (event) => {
      // the second click of a double click on the button that was here before
      if (event.timeStamp - this.#pressedAt < DOUBLE_CLICK) return;
      const dialog = this.#dialog;
      // Escape keeps the return value: without this the last answer would count again.
      if (dialog) dialog.returnValue = "";
      dialog?.showModal();
    });
    this.#dialog?.addEventListener("close", () => {
      const choice = this.#dialog?.returnValue;
      if (choice === "close" || choice === "keep_open") actions.terminate(choice);
    });
  }

  /** @param {() => Promise<unknown>} step */
  async #runOnce(step) {
    if (this.#busy) return;
    this.#busy = true;
    this.#pressedAt = performance.now();
    try {
      await step();
    } finally {
      this.#busy = false;
    }
  }

  /** @param {Room} room */
  render(room) {
    const state = room.consultation?.state;
    if (!state) return;
    const before = state === "planned" || state === "waiting";
    const other = otherSide(room);
    const scheduler = this.#start !== null;
    if (!scheduler) setText(this.#heading, guestHeading(state));
    setText(this.#otherSide, scheduler ? schedulerSentence(room) : guestSentence(state, other));
    show(this.#start, before);
    if (this.#start) this.#start.disabled = other !== "here";
    show(maybe("start-reason", HTMLElement), before && other !== "here");
    show(this.#resume, state === "kept_open");
    show(this.#terminate, state === "active" || state === "kept_open");
    show(maybe("after-closing", HTMLElement), state === "closed");
    show(maybe("link-again", HTMLElement), state === "kept_open" && other === "away");
    byId("room", HTMLElement).dataset.phase = state;
    this.#renderPeople(room);
  }

  /** @param {Room} room */
  #renderPeople(room) {
    const shown = room.participants.filter(({ online, present }) => online || present);
    setText(byId("people-count", HTMLElement), String(shown.filter(({ online }) => online).length));
    follow(
      byId("people-list", HTMLElement),
      shown,
      (person) => person.participant_id,
      () => clone("person"),
      (element, person) => {
        setText(inside(element, ".name"), person.name);
        setText(inside(element, ".role"), roleLabel(person.role));
        setText(inside(element, ".online"), person.online ? _("online") : _("away"));
        element.classList.toggle("away", !person.online);
      },
    );
  }
}

/** @param {string} state */
function guestHeading(state) {
  switch (state) {
    case "active":
      return _("You are in the session");
    case "kept_open":
      return _("The session is paused");
    case "closed":
    case "canceled":
      return _("The session is over");
    default:
      return _("You are in the waiting room");
  }
}

/**
 * @param {string} state
 * @param {"away" | "here" | "busy"} other
 */
function guestSentence(state, other) {
  if (state === "closed" || state === "canceled") return _("You can close this page.");
  if (state === "kept_open") return _("You can still write messages here.");
  if (state === "active") {
    return other === "here" ? "" : _("The other person is not connected at the moment.");
  }
  if (other === "here") return _("The other person is here. The session will start soon.");
  if (other === "busy") return _("The other person is in another session. Please wait.");
  return _("The other person is not here yet. Please wait; you can write a message already.");
}

/** @param {Room} room */
function schedulerSentence(room) {
  const { state = "" } = room.consultation ?? {};
  if (state === "closed")
    return _("This session is closed. It can be reopened until it is deleted.");
  if (state === "canceled") return _("This session was canceled.");
  const others = room.participants.filter(
    ({ online, participant_id }) => online && participant_id !== room.me,
  );
  if (!others.length) return _("Nobody else is connected.");
  const names = others.map(({ name }) => name).join(`${dateWords().comma} `);
  return fill(_("Connected: %(names)s"), { names });
}

/** @param {Participant["role"]} role */
function roleLabel(role) {
  return {
    scheduler: _("Host"),
    service_user: _("Service user"),
    companion: _("Companion"),
    colleague: _("Colleague"),
    interpreter: _("Interpreter"),
  }[role];
}
