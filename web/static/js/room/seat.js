/**
 * The seat of this page: the state of its connection in words, and what follows when the seat is
 * lost to another tab or device, or with the session.
 */

import { clearStorage } from "../shared/clear-storage.js";
import { _ } from "../shared/catalog.js";
import { byId, maybe, setText, show } from "../shared/dom.js";
import { timeOfDay } from "../shared/time/format.js";
import { serverNow } from "../shared/time/server-clock.js";
import { endSentence } from "./ending.js";
import { Retention } from "./retention.js";
import { Tabs } from "./tabs.js";

/**
 * @import { ChannelState } from "../signaling/channel.js"
 * @import { OwnSignIn } from "./own-sign-in.js"
 */

/**
 * @typedef {object} SeatOptions
 * @property {string} name of the seat, the same in every tab that has it
 * @property {boolean} scheduler
 * @property {number} retention milliseconds from the end of the session until its deletion
 * @property {() => OwnSignIn | null} signIn
 * @property {() => boolean} lasting what is written is kept by the browser until it is sent
 * @property {() => void} onOpen
 * @property {() => void} onLost the page has lost its seat, and says so
 * @property {() => void} onReplaced it is known in which tab or on which device the seat is now
 * @property {() => void} onWritten another tab has left something for this one to send
 */

/** After these the reader may reload the page, which then still has what was not sent. */
const RELOADABLE = new Set(["invalid_message", "too_large", "too_many_requests"]);

/** From here on the network may block sockets: there is a page that does without. */
const LONG_FAILURES = 4;

export class Seat {
  /** Why this page has lost its seat for good; empty while it has it. */
  over = "";
  /** A page that the browser has kept is shown when one attempt has failed. */
  #failures = "offline" in document.body.dataset ? 1 : 0;
  #lostAt = serverNow();
  #place = byId("connection", HTMLElement);

  /** @param {SeatOptions} options */
  constructor(options) {
    this.options = options;
    this.retention = new Retention(options.retention, options.scheduler);
    this.tabs = new Tabs(`seat:${options.name}`, {
      onHere: () => this.#showReplaced(),
      onElsewhere: options.onReplaced,
      onWritten: options.onWritten,
    });
    byId("use-here", HTMLElement).addEventListener("click", () => location.reload());
  }

  /** Why the seat is lost, as a sentence for the reader. */
  get sentence() {
    return endSentence(this.over, this.options.scheduler, this.tabs.here);
  }

  /** Whether the page was lost only because the time of the sign-in is over. */
  get signsInAgain() {
    return this.over === "sign_in_required" && this.options.signIn()?.isOver === true;
  }

  /** Whether this page may get its seat back, so that unsent messages are kept for it. */
  get mayComeBack() {
    if (this.options.signIn()?.isForeign) return false;
    if (this.signsInAgain) return true;
    const isHere = this.#mayUseHere || !this.tabs.elsewhere;
    return RELOADABLE.has(this.over) || (this.over === "replaced" && isHere);
  }

  // a guest's other device keeps the seat until the link is opened here again
  get #mayUseHere() {
    return this.options.scheduler || this.tabs.here;
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  follow(state, reason) {
    const place = this.#place;
    byId("room", HTMLElement).dataset.line = state;
    if (state === "open" || state === "ended") this.#failures = 0;
    if (state === "open") this.options.onOpen();
    place.classList.remove("unseen");
    if (state === "waiting") this.#failed();
    // a reconnect may hang for long
    show(place, state === "ended" || this.#failures > 0);
    this.tabs.follow(state, reason);
    this.retention.follow(state, reason);
    this.over = state === "ended" ? reason : "";
    show(maybe("no-line-ways", HTMLElement), !this.over && this.#failures >= LONG_FAILURES);
    if (this.over) this.#lost();
  }

  #failed() {
    const place = this.#place;
    if (!this.#failures) this.#lostAt = serverNow();
    this.#failures += 1;
    const sentence = _(
      "Connection lost. Reconnecting… What you write is sent as soon as it is back.",
    );
    const advice = this.options.lasting() ? "" : ` ${_("Keep this page open until then.")}`;
    setText(place, `${sentence}${advice} (${timeOfDay(this.#lostAt)})`);
    // a second failure in a row is no accident
    if (this.#failures % 4 === 2) void this.#showReason();
  }

  #lost() {
    const { over, sentence } = this;
    show(byId("notice", HTMLElement), false); // nothing that it suggests is possible any more
    if (over === "sign_in_required" || over === "not_found") this.#leave();
    setText(this.#place, sentence);
    if (!this.options.scheduler) {
      setText(byId("heading", HTMLElement), sentence);
      // still read aloud, but not shown twice
      this.#place.classList.add("unseen");
    }
    setText(byId("other-side", HTMLElement), "");
    if (over === "replaced") this.#showReplaced();
    this.options.onLost();
  }

  async #showReason() {
    try {
      const { showDiagnosis } = await import("../signaling/diagnosis.js");
      await showDiagnosis(this.#place, () => this.#failures > 0);
    } catch {
      // plain HTTP fails as well
    }
  }

  #showReplaced() {
    const sentence = endSentence("replaced", this.options.scheduler, this.tabs.here);
    setText(byId("heading", HTMLElement), sentence);
    setText(this.#place, sentence);
    show(byId("use-here", HTMLElement), this.#mayUseHere);
    if (this.over) this.options.onReplaced();
  }

  /**
   * This browser has lost the seat, and somebody else may be using it: replace the page with its
   * conversation by another one. A reload happens once, whatever it leads to.
   */
  #leave() {
    if (this.options.scheduler) return;
    if (this.over === "sign_in_required") {
      clearStorage();
      // Not by the form: the browser may have taken another seat meanwhile, which that would give up.
      location.replace(byId("leave", HTMLFormElement).dataset.left ?? "/");
    } else if (!history.state?.left) {
      history.replaceState({ left: true }, "");
      location.reload();
    }
  }
}
