/**
 * On the page that stands in the place of a session that is over: what was written in it with this
 * browser and never sent. It is shown to its author once more, and deleted.
 */

import { openStore } from "./browser-store.js";
import { isStored } from "./clear-storage.js";
import { byId, inside, setText, show } from "./dom.js";

/** @typedef {{ message: { text: string }, order: number }} Kept see `room/chat/drafts.js` */

export async function showLeftBehind() {
  if (!(await isStored())) return;
  const store = await openStore();
  // The last part of the address is the invite, which is in the keys of its seat.
  const seat = `:${location.pathname.split("/").pop()}:`;
  const commands = (await store.entries("commands")).filter(([key]) => key.includes(seat));
  const drafts = (await store.entries("drafts")).filter(([key]) => key.includes(seat));
  /** @type {Kept[]} */
  const kept = commands.map(([, value]) => value);
  kept.sort((one, other) => one.order - other.order);
  const texts = [...kept.map(({ message }) => message.text), ...drafts.map(([, text]) => text)];
  byId("left-behind-texts", HTMLElement).append(
    ...texts.map((text) => {
      const line = document.createElement("li");
      line.dir = "auto";
      line.textContent = text;
      return line;
    }),
  );
  const place = byId("left-behind", HTMLElement);
  const words = inside(place, "[data-says]");
  setText(words, words.dataset.says ?? "");
  delete words.dataset.says;
  show(place, texts.length > 0);
  const uploads = await store.entries("uploads");
  const found = [...commands, ...drafts, ...uploads].find(([key]) => key.includes(seat));
  if (found) await store.forget(found[0].slice(0, found[0].indexOf(seat) + seat.length));
}
