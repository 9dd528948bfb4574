/** The scheduler's "Ask for a photo": whom, and what has become of it. */

import { _, fill } from "../../shared/catalog.js";
import { byId, follow, setText, show } from "../../shared/dom.js";
import { shownName } from "../../shared/labels.js";
import { nameOf } from "../state.js";
import { element, styleSheet } from "./elements.js";
import { askable } from "./photo-steps.js";

/** @import { Room } from "../state.js" */

export class AskPhoto {
  #place = byId("ask-photo", HTMLElement);
  #button = byId("ask-photo-now", HTMLButtonElement);
  #whom = byId("ask-photo-whom", HTMLSelectElement);
  #state = byId("ask-photo-state", HTMLElement);

  /** @param {(participantId: string) => void} ask */
  constructor(ask) {
    void styleSheet("viewer.css");
    this.#button.addEventListener("click", () => {
      if (this.#whom.value) ask(this.#whom.value);
    });
  }

  /**
   * @param {Room} room
   * @param {boolean} writable
   */
  render(room, writable) {
    const people = askable(room);
    show(this.#place, writable && people.length > 0);
    follow(
      this.#whom,
      people,
      ({ participant_id }) => participant_id,
      ({ participant_id }) => element("option", { value: participant_id }),
      (option, person) => setText(option, shownName(person)),
    );
    show(this.#whom, people.length > 1);
    const request = room.photoRequest;
    const name = request ? nameOf(room, request.participant_id) : "";
    setText(this.#state, request ? fill(_("%(name)s is asked for a photo."), { name }) : "");
  }
}
