/** The connection status on a scheduler's pages: without it no arrival would be noticed. */

import { _, fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";
import { serverNow } from "../shared/time/server-clock.js";
import { timeOfDay } from "../shared/time/format.js";

/** @import { ChannelState } from "./channel.js" */

/** A restart of the server takes less, and is not worth a notice. */
const NOTICE_DELAY = 2_500;
/** Diagnose after the second failure in a row, which is no accident, and every fourth from there. */
const DIAGNOSE_EVERY = 4;

export class ConnectionStatus {
  /** @type {"connecting" | "live" | "lost" | "ended"} */
  #status = "connecting";
  #lostSince = performance.now();
  #lostAt = serverNow();
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #indicator = maybe("line", HTMLElement);
  #notice = maybe("line-lost", HTMLElement);

  /** @param {() => void} onChange called when the connection is lost, and when it is back */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Whether arrivals would go unnoticed. */
  get lost() {
    return this.#status === "lost" || this.#status === "ended";
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  follow(state, reason) {
    clearTimeout(this.#timer);
    if (state === "open") {
      this.#failures = 0;
      this.#setStatus("live", _("Live"), "");
    } else if (state === "ended") {
      const isSignedOut = reason === "sign_in_required";
      this.#setStatus(
        "ended",
        isSignedOut ? _("Signed out") : _("No connection"),
        endSentence(reason),
      );
    } else {
      if (this.#status === "live" && this.#failures === 0) {
        this.#lostSince = performance.now();
        this.#lostAt = serverNow();
      }
      if (state === "waiting") this.#countFailure();
      const left = this.#lostSince + NOTICE_DELAY - performance.now();
      this.#timer = setTimeout(() => this.#showLost(), Math.max(0, left));
    }
  }

  #countFailure() {
    this.#failures += 1;
    if (this.#failures % DIAGNOSE_EVERY !== 2) return;
    const notice = this.#notice;
    const stillFailing = () => this.#failures > 0;
    import("./diagnosis.js").then(
      ({ showDiagnosis }) => notice && showDiagnosis(notice, stillFailing),
      () => {}, // plain HTTP fails as well
    );
  }

  #showLost() {
    if (this.#status === "lost") return;
    const time = timeOfDay(this.#lostAt);
    this.#setStatus(
      "lost",
      fill(_("Reconnecting since %(time)s"), { time }),
      fill(
        _("No connection since %(time)s. You will not hear when somebody arrives. Reconnecting…"),
        { time },
      ),
    );
  }

  /**
   * @param {"live" | "lost" | "ended"} shown
   * @param {string} word beside the menu
   * @param {string} sentence below it; empty for none
   */
  #setStatus(shown, word, sentence) {
    this.#status = shown;
    document.body.dataset.line = shown;
    if (this.#indicator) setText(this.#indicator, word);
    if (this.#notice) setText(this.#notice, sentence);
    show(this.#notice, sentence !== "");
    this.onChange();
  }
}

/** @param {string} reason */
function endSentence(reason) {
  switch (reason) {
    case "sign_in_required":
      return ""; // shown in a place of its own
    case "too_many_requests":
      return _("Too many attempts. Please wait a few minutes and try again.");
    default:
      return _("This page is out of date. Please reload it.");
  }
}
