/** The header of the session page: its state in words for guests, and who is present. */

import { _, fill } from "../shared/catalog.js";
import { byId, clone, follow, inside, maybe, setText, show } from "../shared/dom.js";
import { roleLabel, shownName } from "../shared/labels.js";
import { patiently } from "../shared/importing.js";
import { EMPTY, hostOf, otherSide } from "./state.js";

/**
 * @import { Room } from "./state.js"
 */

export class SessionHeader {
  /** @param {boolean} scheduler whose state and next step are in `greenroom/scheduler-steps.js` */
  constructor(scheduler) {
    this.scheduler = scheduler;
    this.room = EMPTY;
  }

  /** @param {Room} room */
  render(room) {
    const state = room.consultation?.state;
    if (!state) return;
    void this.#renderChange(room);
    if (!this.scheduler) {
      setText(byId("heading", HTMLElement), guestHeading(state));
      // who may have taken over, or come first
      const { name = "" } = hostOf(room) ?? {};
      if (name) {
        setText(byId("host", HTMLElement), name);
        // a page that was opened without a line did not know it
        show(byId("host", HTMLElement).parentElement, true);
      }
      setText(byId("other-side", HTMLElement), guestSentence(room, state, name));
    }
    this.#renderPeople(room);
  }

  /** @param {Room} room which may have been moved or canceled meanwhile */
  async #renderChange(room) {
    this.room = room;
    const { planned_at, state } = room.consultation ?? {};
    const { at = "" } = maybe("planned", HTMLElement)?.dataset ?? {};
    if (state !== "canceled" && at === `${planned_at ?? ""}`) return;
    const { showChange } = await patiently(() => import("./changed.js"), "room/changed.js");
    await showChange(
      () => this.room.consultation,
      () => this.render(this.room),
    );
  }

  /** @param {Room} room */
  #renderPeople({ participants }) {
    const shown = participants.filter(({ online, present }) => online || present);
    setText(byId("people-count", HTMLElement), String(shown.filter(({ online }) => online).length));
    follow(
      byId("people-list", HTMLElement),
      shown,
      (person) => person.participant_id,
      () => clone("person"),
      (element, person) => {
        setText(inside(element, ".name"), shownName(person));
        setText(inside(element, ".role"), roleLabel(person.role));
        show(inside(element, ".role"), person.name !== "");
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
 * @param {Room} room
 * @param {string} state
 * @param {string} name of who is awaited
 */
function guestSentence(room, state, name) {
  if (state === "closed" || state === "canceled") return _("You can close this page.");
  if (state === "kept_open") return _("You can still write messages here.");
  const other = otherSide(room);
  if (state === "active") {
    if (other === "here") return "";
    return fill(_("%(name)s has lost the connection. Please stay here and wait."), { name });
  }
  if (other === "here") return fill(_("%(name)s is here. The session will start soon."), { name });
  if (other === "busy") return fill(_("%(name)s is in another session. Please wait."), { name });
  // what is said instead while its date is far ahead
  const { ahead } = byId("other-side", HTMLElement).dataset;
  return fill(
    ahead ||
      _("%(name)s has not joined yet. Keep this page open; you can already write a message."),
    { name },
  );
}
