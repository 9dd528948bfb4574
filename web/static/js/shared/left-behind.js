/**
 * On the page that stands in the place of a session that is over: what was written in it with this
 * browser and never sent, and which photos and PDFs. It is shown to its author once more, and deleted.
 */

import { openStore } from "./browser-store.js";
import { isStored } from "./clear-storage.js";
import { byId, inside, setText, show } from "./dom.js";

/** @typedef {{ message: { text: string }, order: number }} Kept see `room/chat/drafts.js` */
/** @typedef {{ name: string, caption: string, order: number, blob: Blob }} KeptFile see `room/files` */

export async function showLeftBehind() {
  const { over, noSeat } = document.body.dataset;
  // The last part of the address of a seat is its invite.
  const invite = over || location.pathname.split("/").pop();
  const isOver = (/** @type {string} */ found) => noSeat !== undefined || found === invite;
  forgetBesides(isOver);
  if (!(await isStored())) return;
  const store = await openStore();
  if (noSeat !== undefined) return store.forgetSeats(); // whose it was nobody knows any more
  const seat = `:${invite}:`;
  /** @param {import("./browser-store.js").StoreName} name */
  const ofSeat = async (name) => (await store.entries(name)).filter(([key]) => key.includes(seat));
  const [commands, drafts, uploads] = await Promise.all([
    ofSeat("commands"),
    ofSeat("drafts"),
    ofSeat("uploads"),
  ]);
  /** @type {Kept[]} */
  const kept = commands.map(([, value]) => value);
  kept.sort((one, other) => one.order - other.order);
  const texts = [...kept.map(({ message }) => message.text), ...drafts.map(([, text]) => text)];
  const files = filesOf(uploads);
  byId("left-behind-texts", HTMLElement).append(
    ...texts.map((text) => line(text)),
    ...files.map(({ name, caption, blob }) => line(caption, saving(name, blob))),
  );
  const place = byId("left-behind", HTMLElement);
  const words = inside(place, "[data-says]");
  setText(words, words.dataset.says ?? "");
  delete words.dataset.says;
  show(place, texts.length + files.length > 0);
  const found = [...commands, ...drafts, ...uploads][0];
  if (found) await store.forget(found[0].slice(0, found[0].indexOf(seat) + seat.length));
}

/**
 * Delete what else is kept of seats: a choice (`room/saving/preference.js`), and pages for a dead line.
 * @param {(invite: string) => boolean} isOver
 */
function forgetBesides(isOver) {
  try {
    for (const key of Object.keys(localStorage)) {
      const [what, , invite] = key.split(":");
      if (what === "saving" && invite && isOver(invite)) localStorage.removeItem(key);
    }
  } catch {
    // Where storage is forbidden nothing was stored.
  }
  void navigator.serviceWorker?.getRegistrations().then(
    (all) => {
      for (const { active, scope } of all) {
        if (isOver(scope.split("/").pop() ?? "")) active?.postMessage({ type: "forget" });
      }
    },
    () => {},
  );
}

/**
 * @param {[key: string, value: any][]} uploads
 * @returns {KeptFile[]} oldest first
 */
function filesOf(uploads) {
  const whole = new Map(uploads.filter(([, value]) => value instanceof Blob));
  const sending = uploads
    .filter(([key]) => key.includes(":file:"))
    .map(([key, file]) => ({ ...file, blob: whole.get(key.replace(":file:", ":whole:")) }));
  const chosen = uploads
    .filter(([key]) => key.includes(":chosen:"))
    .map(([, file]) => ({ ...file, blob: file.file }));
  return [...sending, ...chosen]
    .filter(({ blob }) => blob)
    .sort((one, other) => one.order - other.order);
}

/**
 * @param {string} text
 * @param {Node[]} before
 */
function line(text, ...before) {
  const shown = document.createElement("li");
  shown.dir = "auto";
  shown.append(...before, text);
  return shown;
}

/**
 * A link that saves a file on the device, for as long as the page is there.
 * @param {string} name
 * @param {Blob} blob
 */
function saving(name, blob) {
  const link = document.createElement("a");
  const isolated = document.createElement("bdi");
  isolated.textContent = name;
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.append(isolated, " ");
  return link;
}
