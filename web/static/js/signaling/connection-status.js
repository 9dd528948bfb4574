/** What a page of a scheduler says about its own line: nobody can be heard arriving without it. */

import { _, fill } from "../shared/catalog.js";
import { maybe, setText, show } from "../shared/dom.js";
import { serverNow } from "../shared/time/server-clock.js";
import { timeOfDay } from "../shared/time/format.js";

/** @import { ChannelState } from "./channel.js" */

/** A restart of the server is over sooner; who reads the page need not hear of it. */
const SAY_AFTER = 2_500;
/** Of two in a row the second is no accident; asked for the reason again now and then. */
const ASK_EVERY = 4;

export class ConnectionStatus {
  /** @type {"connecting" | "live" | "lost" | "ended"} */
  #shown = "connecting";
  #since = performance.now();
  #lostAt = serverNow();
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #mark = maybe("line", HTMLElement);
  #notice = maybe("line-lost", HTMLElement);

  /** @param {() => void} onChange called when it is lost, and when it is back */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** Nobody would be heard arriving. */
  get lost() {
    return this.#shown === "lost" || this.#shown === "ended";
  }

  /**
   * @param {ChannelState} state
   * @param {string} reason
   */
  follow(state, reason) {
    clearTimeout(this.#timer);
    if (state === "open") {
      this.#failures = 0;
      this.#enter("live", "");
    } else if (state === "ended") {
      this.#enter("ended", endSentence(reason));
    } else {
      if (this.#shown === "live" && this.#failures === 0) {
        this.#since = performance.now();
        this.#lostAt = serverNow();
      }
      if (state === "waiting") this.#fail();
      const left = this.#since + SAY_AFTER - performance.now();
      this.#timer = setTimeout(() => this.#lose(), Math.max(0, left));
    }
  }

  #fail() {
    this.#failures += 1;
    if (this.#failures % ASK_EVERY !== 2) return;
    const notice = this.#notice;
    const matters = () => this.#failures > 0;
    import("./diagnosis.js").then(
      ({ showDiagnosis }) => notice && showDiagnosis(notice, matters),
      () => {}, // the line is just down
    );
  }

  #lose() {
    if (this.#shown === "lost") return;
    const time = timeOfDay(this.#lostAt);
    this.#enter(
      "lost",
      fill(
        _("No connection since %(time)s. You will not hear when somebody arrives. Reconnecting…"),
        { time },
      ),
    );
  }

  /**
   * @param {"live" | "lost" | "ended"} shown
   * @param {string} sentence
   */
  #enter(shown, sentence) {
    this.#shown = shown;
    document.body.dataset.line = shown;
    if (this.#mark) setText(this.#mark, shown === "live" ? _("Connected") : _("No connection"));
    if (this.#notice) setText(this.#notice, sentence);
    show(this.#notice, sentence !== "");
    this.onChange();
  }
}

/** @param {string} reason */
function endSentence(reason) {
  switch (reason) {
    case "sign_in_required":
      return ""; // said in its own place
    case "too_many_requests":
      return _("Too many attempts. Please wait a few minutes and try again.");
    default:
      return _("This page and the server do not understand each other. Please reload the page.");
  }
}
