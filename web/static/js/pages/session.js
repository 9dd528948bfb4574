/** The session page: wires the room's parts together; each of them knows one thing. */

import { Channel, Refused } from "../signaling/channel.js";
import { Chat } from "../room/chat/chat.js";
import { SessionHeader } from "../room/header.js";
import { onNetworkChange } from "../room/call/network-change.js";
import { PROTOCOL_VERSION } from "../signaling/protocol.js";
import { canCall } from "../room/call/can-call.js";
import { isAtEnd, MAX_HELD_LINES, withoutOldest, withPage } from "../room/chat-history.js";
import { after, callPhase, EMPTY, resumePoint } from "../room/state.js";
import { Retention } from "../room/retention.js";
import { Tabs } from "../room/tabs.js";
import { UnsentMessages } from "../room/chat/unsent.js";
import { _, loadCatalog } from "../shared/catalog.js";
import { byId, setText, show } from "../shared/dom.js";
import { remindAfterExport } from "../shared/export-reminder.js";
import { newId } from "../shared/identifier.js";
import { showLocalTimes } from "../shared/time/local-times.js";
import { clearStorage, setUpPage } from "./every-page.js";
import { socketAddress } from "../signaling/socket-address.js";
import { Ringer } from "../shared/ringer.js";
import { serverNow } from "../shared/time/server-clock.js";
import { timeOfDay } from "../shared/time/format.js";

/** @import { Command } from "../signaling/channel.js" */
/** @import { ServerMessage, Welcome } from "../signaling/messages.js" */

const page = document.body.dataset;
const seat = `${page.consultationId}:${page.inviteId ?? ""}`;
const peerId = newId();
const ownTitle = document.title;

let room = EMPTY;
let seenUpTo = 0;
/** A gap right after a gap is our mistake, not the line's: do not ask for ever. */
let gaps = 0;

setUpPage();
remindAfterExport();
await loadCatalog();
showLocalTimes(".lead");

/** Why this page is not in the session any more. */
let over = "";
const tabs = new Tabs(`seat:${seat}`, showReplaced);
const retention = new Retention(Number(page.retentionHours) * 3_600_000, page.role === "scheduler");
const unsent = new UnsentMessages(sessionStorage, `unsent:${seat}`);
const channel = new Channel({
  address: socketAddress(),
  hello: () => ({
    type: "hello",
    version: PROTOCOL_VERSION,
    stream: "room",
    peer_id: peerId,
    consultation_id: page.consultationId,
    ...(page.inviteId ? { invite_id: page.inviteId } : {}),
    ...(resumePoint(room) ? { resume: resumePoint(room) } : {}),
    ...(canCall() ? {} : { calls: false }),
  }),
  onMessage: receive,
  onState: showLine,
  onRefused: (message, refusal) => {
    if (message.type === "chat_send") unsent.add(message, refusal.text);
  },
  isClosed: () => room.consultation?.state === "closed",
  storage: sessionStorage,
  storageKey: `queue:${seat}`,
});

/** @type {import("../room/call/call-controller.js").CallController | null} */
let media = null;
/** @type {Welcome | null} */
let welcome = null;
let loading = false;
const ringer = new Ringer();
const chat = new Chat({
  send: (message) => {
    void command(message);
    render();
  },
  read: (where) => void read(where),
  readNewest: () => void readNewest(),
  onDraft: (text) => (unsent.draft = text),
  take: (id) => unsent.take(id),
});
// also what was written before this script came
chat.draft = [...new Set([unsent.draft, chat.draft])].filter(Boolean).join("\n");
const lead = new SessionHeader({
  start: () => command({ type: "start_consultation", id: newId() }),
  resume: () => command({ type: "resume_consultation", id: newId() }),
  terminate: (choice) => command({ type: "terminate_consultation", id: newId(), choice }),
});

/**
 * Do something for good; a refusal is told where everybody sees it.
 * @param {Command} message
 * @returns {Promise<boolean>} whether it was done
 */
async function command(message) {
  try {
    await channel.command(message);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message);
    return false;
  } finally {
    render();
  }
}

/** The question for chat lines that was asked last: an answer to another one comes too late. */
let question = "";

/**
 * @param {{ before?: number, after?: number }} where
 * @param {boolean} [instead] of what is being read now
 */
async function read(where, instead = false) {
  if (question && !instead) return;
  const id = newId();
  question = id;
  try {
    const page = await channel.command({ type: "read_chat", id, ...where });
    if (question === id && page.type === "chat_page") room = withPage(room, page.chat);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message);
  } finally {
    if (question === id) question = "";
    render();
  }
}

/** Leave what was read far back for the newest lines. */
async function readNewest() {
  room = { ...room, chat: [] };
  await read({}, true);
  const last = room.chat.at(-1);
  // somebody wrote meanwhile
  if (last && !isAtEnd(room)) await read({ after: last.position });
}

/** @param {ServerMessage} message */
function receive(message) {
  media?.receive(message);
  if (message.type === "ack" && message.nearly_full) chat.showNearlyFull();
  // Without an id nobody asked: a peer that has just left, or the end of the line, told below.
  if (message.type === "error" && !message.id) console.warn("refused", message.code);
  const { room: next, gap } = after(room, message);
  room = next.chat.length > MAX_HELD_LINES && chat.following ? withoutOldest(next) : next;
  if (gap) {
    room = { ...room, seq: -1 };
    gaps += 1;
    if (gaps < 4) channel.resynchronize();
    return;
  }
  if (message.type === "welcome") {
    welcome = message;
    media?.configure(message);
    seenUpTo = 0;
  }
  render();
}

/** Seconds until calls are asked for again that did not arrive. */
const PAUSES = [1, 3, 9, 27];
let tries = 0;

/** Calls become possible: their part of the page is loaded now, and only once. */
async function loadCalls() {
  if (loading) return;
  loading = true;
  try {
    const { CallController } = await importCalls();
    media = new CallController({
      peerId,
      storageKey: `call:${seat}`,
      channel,
      room: () => room,
      tell,
      render,
    });
    if (welcome) media.configure(welcome);
    render();
  } catch (error) {
    console.warn("calls cannot be loaded", error);
    tell(_("Calls cannot be loaded at the moment. Please wait, or reload the page."));
    setTimeout(
      () => {
        loading = false;
        render();
      },
      (PAUSES[tries] ?? 30) * 1000,
    );
    tries += 1;
  }
}

/**
 * A browser that remembers what did not arrive is given it from another folder, as js/boot.js does.
 * @returns {Promise<typeof import("../room/call/call-controller.js")>}
 */
function importCalls() {
  const found = import("../room/call/call-controller.js");
  if (!tries) return found;
  const folder = import.meta.url.replace(/(-\d+)?\/js\/.*/, `-media-${tries}/js/`);
  return found.catch(() => import(`${folder}room/call/call-controller.js`));
}

function render() {
  const state = room.consultation?.state ?? "";
  if (!over && (room.call || state === "active")) void loadCalls();
  // How it ended, the page knows better than the room as it was.
  media?.render(over ? { ...room, call: null, consultation: null } : room);
  if (!over) lead.render(room);
  unsent.keep(over ? mayComeBack() : state !== "closed" && state !== "canceled");
  chat.render(
    room,
    channel.pending().filter((message) => message.type === "chat_send"),
    unsent.all(),
    over !== "",
  );
  const rings = !over && (media ? media.rings : callPhase(room, peerId) === "incoming");
  if (rings) ringer.start();
  else ringer.stop();
  if (page.role !== "scheduler") document.title = rings ? _("Incoming call") : ownTitle;
  tellSeen();
}

function tellSeen() {
  const position = chat.lastSeen(room);
  if (position <= Math.max(seenUpTo, room.seen[room.me] ?? 0)) return;
  if (channel.send({ type: "seen", position })) seenUpTo = position;
}

let failures = 0;
let lostAt = 0;

/**
 * @param {import("../signaling/channel.js").ChannelState} state
 * @param {string} reason
 */
function showLine(state, reason) {
  const place = byId("connection", HTMLElement);
  byId("room", HTMLElement).dataset.line = state;
  if (state === "open" || state === "ended") failures = 0;
  place.classList.remove("unseen");
  if (state === "waiting") {
    if (!failures) lostAt = serverNow();
    failures += 1;
    const sentence = _(
      "Connection lost. Reconnecting… What you write is sent as soon as it is back.",
    );
    setText(place, `${sentence} (${timeOfDay(lostAt)})`);
    // of two in a row the second is no accident
    if (failures % 4 === 2) void sayWhy(place);
  }
  // a line that is tried again may hang for long
  show(place, state === "ended" || failures > 0);
  tabs.line(state, reason);
  retention.line(state, reason);
  over = state === "ended" ? reason : "";
  if (!over) return;
  media?.abandon();
  show(byId("notice", HTMLElement), false); // nothing that it says to do can be done
  if (reason === "sign_in_required" || reason === "not_found") leave(reason);
  byId("room", HTMLElement).dataset.phase = "ended";
  const sentence = endSentence(reason);
  setText(place, sentence);
  if (page.role !== "scheduler") {
    setText(byId("heading", HTMLElement), sentence);
    // still read aloud, but not shown twice
    place.classList.add("unseen");
  }
  if (reason === "replaced") showReplaced();
  setText(byId("other-side", HTMLElement), "");
  channel.refusePending(sentence);
  const text = chat.draft.trim();
  if (text) unsent.add({ type: "chat_send", id: newId(), text }, sentence);
  chat.draft = "";
  render();
}

/** @param {HTMLElement} place */
async function sayWhy(place) {
  try {
    const { showDiagnosis } = await import("../signaling/diagnosis.js");
    await showDiagnosis(place, () => failures > 0);
  } catch {
    // the line is just down
  }
}

function showReplaced() {
  setText(byId("heading", HTMLElement), endSentence("replaced"));
  setText(byId("connection", HTMLElement), endSentence("replaced"));
  show(byId("use-here", HTMLElement), mayUseHere());
  if (over) render();
}

/**
 * This browser has no seat any more, and somebody else may be at it: another page takes the place
 * of what was said here. Whoever has gone to another device is told so, and not twice, whatever that
 * page turns out to be.
 * @param {string} reason
 */
function leave(reason) {
  if (page.role === "scheduler") return;
  if (reason === "sign_in_required") {
    clearStorage();
    byId("leave", HTMLFormElement).submit();
  } else if (!history.state?.left) {
    history.replaceState({ left: true }, "");
    location.reload();
  }
}

/** After these the page is to be loaded again, and what was not sent is to be there then. */
const RELOADABLE = new Set(["invalid_message", "too_large", "too_many_requests"]);

/** Another tab is its author's as well, and so is another device of whoever is signed in. */
function mayComeBack() {
  return RELOADABLE.has(over) || (over === "replaced" && mayUseHere());
}

// another device of a guest has the seat for itself until the link is opened here again
const mayUseHere = () => page.role === "scheduler" || tabs.here;

/** @param {string} reason */
function endSentence(reason) {
  switch (reason) {
    case "replaced":
      return tabs.here
        ? _("This session continues in another tab")
        : _("This session continues on another device");
    case "sign_in_required":
      return page.role === "scheduler"
        ? _("You are signed out. Please sign in again.")
        : _("Your time on this page is over. To come back, open your link again.");
    case "not_found":
    case "closed":
    case "gone":
      return _("This session is over.");
    case "too_many_requests":
      return _("Too many attempts. Please wait a few minutes and try again.");
    default:
      return _("This page and the server do not understand each other. Please reload the page.");
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let told;

/** @param {string} sentence */
function tell(sentence) {
  if (over) return;
  const place = byId("notice", HTMLElement);
  setText(place, sentence);
  show(place, true);
  clearTimeout(told);
  told = setTimeout(() => show(place, false), 15_000);
}

addEventListener("online", () => channel.wake());
const { connection } = /** @type {any} */ (navigator);
connection?.addEventListener?.("change", () => channel.wake());
onNetworkChange(connection, window, () => media?.restart());
addEventListener("pagehide", () => media?.hide());
byId("use-here", HTMLElement).addEventListener("click", () => location.reload());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  channel.wake();
  media?.wake();
  render();
});
// Restored from the browser's memory of pages: everything here is old.
addEventListener("pageshow", (event) => event.persisted && location.reload());
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => ringer.unlock(), { passive: true });
}

channel.open();
