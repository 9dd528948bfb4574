/**
 * What only the scheduler does on the session page: start it, resume it, end it, take the next step
 * after that. Guests do not load it.
 */

import { _, dateWords, fill } from "../../shared/catalog.js";
import { byId, ignoreStrayPresses, maybe, setText, show } from "../../shared/dom.js";
import { remindAfterExport } from "../../shared/export-reminder.js";
import { shownName } from "../../shared/labels.js";
import { dateAndTime } from "../../shared/time/format.js";
import { askBeforeLeaving } from "./leaving.js";
import { NextStep } from "./next-step.js";
import { isAwaited, nextStep, othersIn, whenTooLate, wishOf, withoutWish } from "./wish.js";

/**
 * @import { CallController } from "../call/call-controller.js"
 * @import { Room } from "../state.js"
 */

/**
 * @typedef {object} SchedulerActions
 * @property {() => Promise<boolean>} start false: it was refused, and the reader was told
 * @property {() => Promise<boolean>} resume
 * @property {(choice: "close" | "keep_open") => void} terminate
 * @property {() => CallController | null} media null until the scripts for calls are there
 * @property {(sentence: string) => void} notify the reader
 * @property {number} retention milliseconds from the end of the session until its deletion
 */

export class SchedulerSteps {
  #start = byId("start-session", HTMLButtonElement);
  #terminate = byId("terminate-session", HTMLButtonElement);
  #dialog = byId("terminate-dialog", HTMLDialogElement);
  #isBusy = false;
  #wish = wishOf(location.search);
  /** Somebody wanted to ring people who are not there. */
  #missed = false;
  /** @type {Room | null} */
  #room = null;
  #next = new NextStep();

  /** @param {SchedulerActions} actions */
  constructor(actions) {
    this.actions = actions;
    if (this.#wish) {
      history.replaceState(history.state, "", withoutWish(location.href));
      whenTooLate(() => {
        this.#wish = null;
        if (this.#room) this.render(this.#room);
      });
    }
    // where "Start the session" was there is "Terminate the session" next
    ignoreStrayPresses();
    remindAfterExport();
    const { media } = actions;
    askBeforeLeaving(
      () => media()?.membership.inside === true,
      () => media()?.membership.hangUp(),
    );
    // Whoever presses something else has another wish.
    byId("room", HTMLElement).addEventListener("click", ({ target }) => {
      if (target instanceof Element && target.closest("button")) this.#wish = null;
    });
    this.#start.addEventListener("click", () => this.#runOnce(actions.start));
    byId("resume-session", HTMLElement).addEventListener("click", () => {
      if (this.mayRing()) void this.#runOnce(actions.resume);
    });
    this.#terminate.addEventListener("click", () => this.#ask());
    this.#dialog.addEventListener("close", () => {
      const choice = this.#dialog.returnValue;
      if (choice === "close" || choice === "keep_open") actions.terminate(choice);
    });
  }

  /** Whether there is anybody to call; if not, it says so, and offers to send the link again. */
  mayRing() {
    const room = this.#room;
    if (!room || othersIn(room).length) return true;
    this.#missed = true;
    this.render(room);
    const offer = maybe("link-again", HTMLElement);
    if (offer) offer.querySelector("button")?.focus();
    else this.actions.notify(awayWords(room));
    return false;
  }

  /** Everything is rendered: the focus may go on. */
  focusNext() {
    this.#next.focus();
  }

  /** @param {Room} room */
  render(room) {
    this.#room = room;
    const state = room.consultation?.state;
    if (!state) return;
    const others = othersIn(room);
    const before = state === "planned" || state === "waiting";
    if (others.length) this.#missed = false;
    setText(byId("other-side", HTMLElement), this.#sentence(room, state));
    show(this.#start, before);
    this.#start.disabled = isAwaited(room);
    show(byId("start-reason", HTMLElement), before && isAwaited(room) && !this.#wish);
    show(byId("resume-session", HTMLElement), state === "kept_open");
    show(this.#terminate, state === "active" || state === "kept_open");
    show(byId("after-closing", HTMLElement), state === "closed");
    show(maybe("invite-colleague", HTMLElement), state !== "closed" && state !== "canceled");
    const mayCall = state === "kept_open" || (state === "active" && this.#missed);
    show(maybe("link-again", HTMLElement), mayCall && !others.length);
    const words = maybe("link-again-words", HTMLElement);
    if (words) setText(words, `${awayWords(room)} ${_("Send the link again to:")}`);
    void this.#follow(room);
  }

  /**
   * @param {Room} room
   * @param {string} state
   */
  #sentence(room, state) {
    if (state === "closed") {
      const { closed_at } = room.consultation ?? {};
      if (!closed_at) return _("This session is closed. It can be reopened until it is deleted.");
      return fill(
        _(
          "This session is closed. You can reopen it and download the report until %(moment)s; then everything is deleted.",
        ),
        { moment: dateAndTime(closed_at + this.actions.retention) },
      );
    }
    if (state === "canceled") return _("This session was canceled.");
    const [others, missing] = [othersIn(room), awaited(room)];
    if (this.#wish && missing.length && nextStep(this.#wish, room) === "wait") {
      return fill(
        _("%(names)s is not here at the moment. The session starts as soon as that changes."),
        { names: named(missing) },
      );
    }
    if (!others.length) return _("Nobody else is connected.");
    return fill(_("Connected: %(names)s"), { names: named(others) });
  }

  /**
   * Take the next step towards what the waiting row asked for.
   * @param {Room} room
   */
  async #follow(room) {
    if (!this.#wish || this.#isBusy) return;
    const step = nextStep(this.#wish, room);
    const media = this.actions.media();
    if (step === "wait" || (step === "call" && !media)) return;
    if (step === "call" || step === "done") {
      this.#wish = null;
      if (step === "call") media?.start("video");
      return;
    }
    if (!(await this.#runOnce(this.actions[step]))) this.#wish = null;
    // what it led to may have come before its acknowledgement
    else if (this.#room) void this.#follow(this.#room);
  }

  #ask() {
    const dialog = this.#dialog;
    // Escape keeps the return value: without this the last answer would count again.
    dialog.returnValue = "";
    dialog.showModal();
  }

  /**
   * @param {() => Promise<boolean>} step
   * @returns {Promise<boolean>} whether it was done, or is being done
   */
  async #runOnce(step) {
    if (this.#isBusy) return true;
    this.#isBusy = true;
    try {
      return await step();
    } finally {
      this.#isBusy = false;
    }
  }
}

/** @param {Room} room */
function awayWords(room) {
  const missing = awaited(room);
  if (!missing.length) return _("Nobody else is connected.");
  return fill(_("%(names)s is not here."), { names: named(missing) });
}

/**
 * Who is invited and not there: neither colleagues nor those who have handed the session on.
 * @param {Room} room
 */
function awaited(room) {
  return room.participants.filter(({ online, role }) => !online && role !== "scheduler");
}

/** @param {Room["participants"]} people */
function named(people) {
  return people.map(shownName).join(`${dateWords().comma} `);
}
