/** The session page: wires the parts of the room together. */

import { Channel, Refused } from "../signaling/channel.js";
import { Chat } from "../room/chat/chat.js";
import { SessionHeader } from "../room/header.js";
import { onNetworkChange } from "../room/call/network-change.js";
import { takeEarlySocket } from "../signaling/early-socket.js";
import { PROTOCOL_VERSION } from "../signaling/protocol.js";
import { canCall } from "../room/call/can-call.js";
import { Attachments } from "../room/attachments.js";
import { LazyOffline } from "../room/lazy-offline.js";
import { LazyGreenroom } from "../room/lazy-greenroom.js";
import { LazyPhotos } from "../room/lazy-photos.js";
import { isAtEnd, MAX_HELD_LINES, withoutOldest, withPage } from "../room/chat-history.js";
import { Saving } from "../room/saving/saving.js";
import { Seat } from "../room/seat.js";
import { after, callPhase, EMPTY, resumePoint } from "../room/state.js";
import { Outbox } from "../room/chat/outbox.js";
import { UnsentMessages } from "../room/chat/drafts.js";
import { _, loadCatalog, loadFileSentences } from "../shared/catalog.js";
import { byId, maybe, show, showForAWhile } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";
import { importAgain, patiently } from "../shared/importing.js";
import { showLocalTimes } from "../shared/time/local-times.js";
import { setUpPage } from "./every-page.js";
import { socketAddress } from "../signaling/socket-address.js";
import { Ringer } from "../shared/ringer.js";

/** @import { Command } from "../signaling/channel.js" */
/** @import { ServerMessage, Welcome } from "../signaling/messages.js" */

const page = document.body.dataset;
const isScheduler = page.role === "scheduler";
const seatName = `${page.consultationId}:${page.inviteId ?? ""}`;
const early = takeEarlySocket();
const peerId = early?.peerId ?? newId();
const retention = Number(page.retentionHours) * 3_600_000;
const ownTitle = document.title;

let room = EMPTY;
let seenUpTo = 0;
/** Gaps right after each other are a bug, not a lost connection: do not resynchronize for ever. */
let gaps = 0;

setUpPage();

/** @type {import("../room/own-sign-in.js").OwnSignIn | null} a scheduler's */
let signIn = null;
const seat = new Seat({
  name: seatName,
  scheduler: isScheduler,
  retention,
  signIn: () => signIn,
  lasting: () => outbox.lasting,
  onOpen: () => {
    document.getElementById("farewell")?.remove(); // reopened
    attachments.follow(true);
    offline.start(channel.environment.timeouts.roundTrip);
  },
  onLost: lost,
  onReplaced: () => outbox.close(true, seat.sentence),
  onWritten: () => void outbox.adopt(),
});
const unsent = new UnsentMessages();
const channel = new Channel({
  address: socketAddress(),
  early,
  hello: () => ({
    type: "hello",
    version: PROTOCOL_VERSION,
    stream: "room",
    peer_id: peerId,
    consultation_id: page.consultationId,
    ...(page.inviteId ? { invite_id: page.inviteId } : {}),
    ...(resumePoint(room) ? { resume: resumePoint(room) } : {}),
    ...(canCall() ? {} : { calls: false }),
    ...(welcome?.seated_at ? { seated_at: welcome.seated_at } : {}),
  }),
  onMessage: receive,
  onState: (state, reason) => {
    seat.follow(state, reason);
    if (state === "waiting") void offline.handOver();
  },
  onRefused: (message, refusal) =>
    message.type === "chat_send" && unsent.add(message, refusal.text),
  isClosed: () => room.consultation?.state === "closed",
});

/** @type {import("../room/call/call-controller.js").CallController | null} */
let media = null;
/** @type {import("../room/greenroom/scheduler-steps.js").SchedulerSteps | null} until its scripts are there */
let steps = null;
/** @type {Welcome | null} */
let welcome = null;
let isLoading = false;
/** Whether this browser keeps anything of the seat for the page that comes next. */
let isKept = true;
const saving = new Saving({
  seat: seatName,
  asked: page.saveData === "on",
  isKept: () => isKept,
  onChange: () => {
    media?.followSaving();
    render();
  },
});
const ringer = new Ringer();
const attachments = new Attachments({
  page,
  seat: `${seatName}:`,
  render,
  notify,
  growing: (change) => chat.growing(change),
  open: (lineId) => void photos.open(room, lineId, isWritable()),
  roundTrip: () => channel.environment.timeouts.roundTrip,
  saves: () => saving.on,
  onSent: (upload, bytes) => saving.used.count(upload, bytes),
  onUnanswered: (requestId, reason) => void photos.askAgain(requestId, reason),
});
const chat = new Chat({
  attachments,
  send: (message) => {
    unsent.queue(message);
    void outbox.restored.then(() => command(message));
    render();
    if (channel.state !== "open") void offline.handOver();
  },
  read: (where) => void readPage(where),
  readNewest: () => void readNewest(),
  onSeen: () => render(),
  onDraft: (text) => (unsent.draft = text),
  take: (id) => unsent.take(id),
});
const outbox = new Outbox({
  seat: `${seatName}:`,
  unsent,
  channel,
  chat,
  tabs: seat.tabs,
  attachments,
  render,
});
// including what was typed before this script ran
chat.draft = [...new Set([unsent.draft, chat.draft])].filter(Boolean).join("\n");
const offline = new LazyOffline(page, outbox);
const photos = new LazyPhotos({
  scheduler: isScheduler,
  files: page.files ?? "",
  storageKey: `photos:${seatName}`,
  devices: () => media?.devices ?? null,
  command,
  send: (files) => attachments.send(files),
  keep: (file) => void attachments.choose([file]),
  notify,
});
const greenroom = new LazyGreenroom({ loadCalls: () => void loadCalls(), render, notify });
const header = new SessionHeader(isScheduler);

/** What boot.js waits for. */
export const started = start();

async function start() {
  await Promise.all([loadCatalog(), page.account && loadSignIn(page.account), loadSteps()]);
  showLocalTimes(".lead");
  listen();
  channel.open();
}

/**
 * A scheduler's; it is nothing that a guest's page has to load.
 * @param {string} account
 */
async function loadSignIn(account) {
  const found = () => import("../room/own-sign-in.js");
  const { OwnSignIn } = await patiently(found, "room/own-sign-in.js");
  signIn = new OwnSignIn(account, () => {
    render(); // what is kept is dropped if it is not the reader's any more; lobby.js leaves then
    if (!signIn?.isForeign && seat.signsInAgain) location.reload();
  });
}

/** A scheduler's, with its sentences. */
async function loadSteps() {
  if (!isScheduler) return;
  const found = () => import("../room/greenroom/scheduler-steps.js");
  const [{ SchedulerSteps }] = await Promise.all([
    patiently(found, "room/greenroom/scheduler-steps.js"),
    loadFileSentences(),
  ]);
  steps = new SchedulerSteps({
    start: () => command({ type: "start_consultation", id: newId() }),
    resume: () => command({ type: "resume_consultation", id: newId() }),
    terminate: (choice) => void command({ type: "terminate_consultation", id: newId(), choice }),
    media: () => media,
    notify,
    retention,
  });
}

/**
 * Send a command; a refusal is shown to the reader.
 * @param {Command} message
 * @returns {Promise<boolean>} whether it was done
 */
async function command(message) {
  try {
    await channel.command(message);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notify(error.message);
    return false;
  } finally {
    render();
  }
}

/** Id of the latest request for chat lines: answers to earlier ones are ignored. */
let lastRead = "";

/**
 * @param {{ before?: number, after?: number }} where
 * @param {boolean} [instead] of the page that is being read
 */
async function readPage(where, instead = false) {
  if (lastRead && !instead) return;
  const id = newId();
  lastRead = id;
  try {
    const page = await channel.command({ type: "read_chat", id, ...where });
    if (lastRead === id && page.type === "chat_page") room = withPage(room, page.chat);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notify(error.message);
  } finally {
    if (lastRead === id) lastRead = "";
    render();
  }
}

/** Jump from older lines to the newest ones. */
async function readNewest() {
  room = { ...room, chat: [] };
  await readPage({}, true);
  const last = room.chat.at(-1);
  // new lines came meanwhile
  if (last && !isAtEnd(room)) await readPage({ after: last.position });
}

/** @param {ServerMessage} message */
function receive(message) {
  if (message.type === "sign_in_ends") return signIn?.follow(message);
  media?.receive(message);
  if (message.type === "ack") unsent.take(message.id);
  if (message.type === "ack" && message.nearly_full) chat.showNearlyFull();
  // An error without an id answers no command: a peer has just left, or the channel ends (below).
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
    void outbox.adopt();
  }
  render();
}

/** Seconds until the scripts for calls are requested again when they did not load. */
const RETRY_PAUSES = [1, 3, 9, 27];
let loadAttempts = 0;

/** Load the scripts for calls, once a call becomes possible. */
async function loadCalls() {
  if (isLoading) return;
  isLoading = true;
  try {
    const [{ CallController, placeMarkup }, markup] = await Promise.all([
      importCalls(),
      callMarkup(),
      loadCallStyles(),
      loadFileSentences(),
    ]);
    if (markup) placeMarkup(markup);
    media = new CallController({
      peerId,
      storageKey: `call:${seatName}`,
      channel,
      saving,
      room: () => room,
      mayStart: () => steps?.mayRing() ?? true,
      notify,
      render,
    });
    if (welcome) media.configure(welcome);
    render();
  } catch (error) {
    console.warn("calls cannot be loaded", error);
    notify(_("Calls cannot be loaded at the moment. Please wait, or reload the page."));
    setTimeout(
      () => {
        isLoading = false;
        render();
      },
      (RETRY_PAUSES[loadAttempts] ?? 30) * 1000,
    );
    loadAttempts += 1;
  }
}

/** @returns {Promise<typeof import("../room/call/call-controller.js")>} */
function importCalls() {
  const found = import("../room/call/call-controller.js");
  if (!loadAttempts) return found;
  return found.catch(() => importAgain("room/call/call-controller.js", loadAttempts));
}

/** What a guest's page shows of a call; empty if it is there. */
async function callMarkup() {
  if (!page.callMarkup || document.getElementById("call")) return "";
  const answer = await fetch(page.callMarkup);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

async function loadCallStyles() {
  const { styleSheet } = await import("../shared/style-sheet.js");
  await Promise.all([styleSheet("call.css"), styleSheet("call-screen.css")]);
}

function render() {
  const state = room.consultation?.state ?? "";
  if (!seat.over && (room.call || state === "active")) void loadCalls();
  // Once the seat is lost, the last known state of the room no longer counts.
  media?.render(seat.over ? { ...room, call: null, consultation: null } : room);
  if (!seat.over) {
    header.render(room);
    steps?.render(room);
  }
  isKept =
    seat.over || signIn?.isForeign ? seat.mayComeBack : state !== "closed" && state !== "canceled";
  if (!isKept) saving.forget();
  for (const each of [outbox, attachments, offline]) each.keep(isKept);
  show(maybe("not-kept", HTMLElement), !seat.over && outbox.keepsNothing);
  chat.render(room, unsent.queued(), unsent.all(), seat.over);
  media?.showUnread(chat.unread);
  const rings = !seat.over && (media ? media.isRinging : callPhase(room, peerId) === "incoming");
  photos.render(room, { rings, writable: isWritable() });
  const shows = room.call?.media === "video" && !saving.on;
  greenroom.render(isBeforeCall(), rings && shows, media);
  if (rings) ringer.start();
  else ringer.stop();
  const title = chat.unread ? `(${chat.unread}) ${ownTitle}` : ownTitle;
  document.title = rings && !isScheduler ? _("Incoming call") : title;
  sendSeen();
  steps?.focusNext();
}

/** Whether this is a moment before a call. */
function isBeforeCall() {
  const state = room.consultation?.state ?? "";
  const may = !seat.over && canCall() && ["planned", "waiting", "active"].includes(state);
  return may && !media?.membership.inside;
}

/** Whether anything can still be written in this session. */
function isWritable() {
  const state = room.consultation?.state;
  return !seat.over && state !== undefined && state !== "closed" && state !== "canceled";
}

function sendSeen() {
  const position = chat.lastSeen;
  if (position <= Math.max(seenUpTo, room.seen[room.me] ?? 0)) return;
  if (channel.send({ type: "seen", position })) seenUpTo = position;
}

/** The page has lost its seat. */
function lost() {
  media?.abandon();
  photos.close();
  // a phone without a line at that moment hears of it when it asks
  const isOver = seat.over === "closed" || room.consultation?.state === "closed";
  if (!isScheduler && isOver) void sayFarewell();
  // What is not sent waits for the reader, who only has to sign in again.
  if (seat.signsInAgain) attachments.pause();
  else outbox.close(seat.over === "replaced", seat.sentence);
}

async function sayFarewell() {
  const [farewell] = await Promise.all([
    import("../room/greenroom/farewell.js"),
    loadFileSentences(),
  ]);
  if (!seat.over) return; // reopened meanwhile
  const closedAt = room.consultation?.closed_at;
  farewell.show(closedAt ? closedAt + retention : null);
}

/** @param {string} sentence */
function notify(sentence) {
  if (!seat.over) showForAWhile(byId("notice", HTMLElement), sentence);
}

function wake() {
  channel.wake();
  attachments.wake();
}

function listen() {
  addEventListener("online", wake);
  const { connection } = /** @type {any} */ (navigator);
  connection?.addEventListener?.("change", wake);
  onNetworkChange(connection, window, () => media?.restart());
  addEventListener("pagehide", () => {
    media?.hide();
    photos.leave();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    wake();
    media?.wake();
    render();
  });
  // Restored from the back/forward cache: everything here is outdated.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => ringer.unlock(), { passive: true });
  }

  // One press of Enter, however long it is held: the focus may be on the next button already.
  document.addEventListener("keydown", (event) => {
    const { key, repeat, target } = event;
    if (repeat && key === "Enter" && target instanceof HTMLButtonElement) event.preventDefault();
  });

  // From now on the browser is to forget; see every-page.js.
  document.addEventListener("submit", ({ target }) => {
    if (target instanceof HTMLElement && "leave" in target.dataset) {
      outbox.handOver();
      void attachments.handOver();
    }
  });
}
