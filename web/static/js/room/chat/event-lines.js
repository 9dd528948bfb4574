/** Event lines of the chat in words, as `web/markup/shared/event_lines.py` has them. */

import { _, fill } from "../../shared/catalog.js";

/**
 * @param {string} kind
 * @param {string} name
 * @returns {string}
 */
export function eventSentence(kind, name) {
  /** @type {Record<string, string>} */
  const sentences = {
    joined: _("%(name)s joined"),
    left: _("%(name)s left"),
    added: _("%(name)s was added"),
    removed: _("%(name)s was removed"),
    started: _("The session started"),
    kept_open: _("The session was paused"),
    resumed: _("The session was resumed"),
    reopened: _("The session was reopened"),
    closed: _("The session was closed"),
    call_started: _("%(name)s started a call"),
    call_ended: _("The call ended"),
    call_missed: _("Nobody answered the call"),
    call_declined: _("%(name)s declined the call"),
    photo_asked: _("%(name)s asks for a photo"),
    photo_declined: _("%(name)s does not want to send a photo now"),
    photo_failed: _("%(name)s could not take a photo"),
    photo_refused: _("The photo that %(name)s has sent cannot be used"),
    took_over: _("%(name)s has taken over the session"),
    asked_for_phone_call: _(
      "%(name)s cannot use this browser for calls, and asks for a call by phone",
    ),
  };
  return fill(sentences[kind] ?? "", { name });
}
