/**
 * Every page of a scheduler: who waits, as badge, title, list, ring tone and desktop notification;
 * what is unread; or that the connection is lost. On a session page it makes no sound: a conversation
 * is going on.
 */

import { Channel } from "../signaling/channel.js";
import { PROTOCOL_VERSION } from "../signaling/protocol.js";
import { _, _n, fill, loadCatalog } from "../shared/catalog.js";
import { byId, clone, follow, inside, maybe, setText, show } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";
import { ConnectionStatus } from "../signaling/connection-status.js";
import { LIST_CHANGED } from "../shared/live-lists.js";
import { readinessLabel, shownName } from "../shared/labels.js";
import { languageName, setUpPage } from "./every-page.js";
import { clearStorage } from "../shared/clear-storage.js";
import { serverNow } from "../shared/time/server-clock.js";
import { socketAddress } from "../signaling/socket-address.js";
import { Bell } from "../shared/bell.js";
import { setUpMenu } from "../shared/menu.js";
import { announce, offer, rang } from "../shared/notifications.js";
import { Ringer } from "../shared/ringer.js";
import { ALARM, NOTE, prefer } from "../shared/ring-sounds.js";
import { openBeside } from "../shared/sign-in-beside.js";
import { SignInEnd } from "../signaling/sign-in-end.js";
import { tellSignedIn, whenSignedIn } from "../shared/signed-in.js";
import { inWords, timeOfDay } from "../shared/time/format.js";

/** @import { UnreadEntry, WaitingEntry } from "../signaling/values.js" */

const isSilent = document.body.dataset.consultationId !== undefined;
const ownTitle = document.title;
const peerId = newId();
const account = document.body.dataset.account ?? "";
const signInEnd = new SignInEnd();
/** Milliseconds after which somebody who goes on working is reported again. */
const REPORT_EVERY = 60_000;
/** Without a line for so long, a sound says that nobody can be heard arriving; a restart takes less. */
const ALARM_DELAY = 10_000;
let reportedAt = -Infinity;
let isSignedOut = false;
/** Signing out closes the connection, too; where its answer leads must not be overtaken. */
let signingOut = false;
const enableSound = byId("enable-sound", HTMLButtonElement);

/** @type {WaitingEntry[]} */
let waiting = [];
/** @type {UnreadEntry[] | null} null before the first message, which is no news */
let unread = null;
/** @type {Set<string>} */
let announcedIds = new Set();
/** Something was typed on this page. */
let typed = false;
/** Drafts and messages in the chat that are not sent. */
const UNSENT = "#chat-text:not(:placeholder-shown), [data-state='sending'], [data-state='refused']";

tellSignedIn(account); // before any script reads what this browser keeps
setUpPage();
setUpMenu();

const { ringSound, ringVolume } = document.body.dataset;
const ringer = new Ringer(showSound);
prefer(ringer, ringSound, Number(ringVolume));
const bell = new Bell(render);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let alarm;
const connection = new ConnectionStatus(() => {
  render();
  clearTimeout(alarm);
  if (connection.lost) alarm = setTimeout(ringAlarm, isSignedOut ? 0 : ALARM_DELAY);
});

const channel = new Channel({
  address: socketAddress(),
  hello: () => ({ type: "hello", version: PROTOCOL_VERSION, stream: "lobby", peer_id: peerId }),
  onMessage: (message) => {
    // Arrivals and departures change the lists as well; and the first message of a connection comes
    // after changes that nobody could report to this page.
    if (message.type === "list_changed" || message.type === "lobby") {
      document.dispatchEvent(new Event(LIST_CHANGED));
    }
    if (message.type === "sign_in_ends") {
      signInEnd.follow(message);
      renderSignIn();
    }
    if (message.type !== "lobby") return;
    waiting = message.waiting;
    read(message.unread ?? []);
    render();
  },
  onState: (state, reason) => {
    isSignedOut = state === "ended" && reason === "sign_in_required";
    connection.follow(state, reason);
    if (isSignedOut) signedOut();
  },
});

document.addEventListener("submit", ({ target }) => {
  signingOut ||= target instanceof HTMLElement && "leave" in target.dataset;
});

/**
 * The reader may not see this page any more. Unsent text stays, so that it can be copied, or sent
 * after signing in on another page.
 */
function signedOut() {
  const isInUse = typed || document.querySelector(UNSENT) !== null;
  if (signInEnd.isOver) {
    if (isInUse || isSilent) renderSignIn();
    else location.replace(signInAndBack());
    return;
  }
  clearStorage();
  if (signingOut) return;
  if (isInUse) show(byId("signed-out", HTMLElement), true);
  else location.replace(byId("sign-in", HTMLAnchorElement).href);
}

/** @returns {string} where one signs in and comes back to this page */
function signInAndBack() {
  const address = new URL(byId("sign-in", HTMLAnchorElement).href);
  address.searchParams.set("next", location.pathname + location.search);
  address.searchParams.set("over", "");
  return address.href;
}

/** Say when the time of the sign-in will be over, or that it is. */
function renderSignIn() {
  const place = byId("sign-in-ends", HTMLElement);
  const sentence = signInEnd.isOver
    ? _("You are signed out. Nothing on this page is lost: please sign in again.")
    : fill(_("You will be signed out at %(time)s."), { time: timeOfDay(signInEnd.at) });
  setText(inside(place, "span"), sentence);
  place.classList.toggle("bad", signInEnd.isOver);
  show(place, signInEnd.isSoon || signInEnd.isOver);
}

whenSignedIn((other) => {
  if (other !== account) {
    // They sit here now; nothing of this page is theirs.
    clearStorage();
    location.replace(byId("home", HTMLAnchorElement).href);
  } else if (isSignedOut) channel.reopen();
});

/** Whoever works stays signed in. */
function reportActivity() {
  const now = performance.now();
  if (now - reportedAt > REPORT_EVERY && channel.send({ type: "active" })) reportedAt = now;
}

/** @param {UnreadEntry[]} now what is unread; more than before makes a soft tone */
function read(now) {
  if (unread && messages(now) > messages(unread)) sound(NOTE);
  unread = now;
}

/** @param {UnreadEntry[]} entries */
function messages(entries) {
  return entries.reduce((sum, { count }) => sum + count, 0);
}

function ringAlarm() {
  if (!signingOut) sound(ALARM);
}

/** @param {number[][]} tones */
function sound(tones) {
  if (!isSilent && !bell.muted) ringer.play(tones);
}

function render() {
  // Without a connection those who waited may have left.
  const unanswered = connection.lost ? [] : waiting;
  renderBadge(unanswered.length, connection.lost ? [] : (unread ?? []));
  const rings = unanswered.length > 0 && !isSilent;
  if (rings) rang();
  if (rings && !bell.muted) ringer.start();
  else ringer.stop();
  bell.render(rings, ringer.blocked);
  renderList();
  const fresh = unanswered.some((entry) => !announcedIds.has(entry.consultation_id));
  announcedIds = new Set(unanswered.map((entry) => entry.consultation_id));
  if (fresh && !isSilent) announce(bell.muted);
  offer();
}

/**
 * @param {number} waits how many people wait
 * @param {UnreadEntry[]} news
 */
function renderBadge(waits, news) {
  const count = waits + news.length;
  const written = messages(news);
  const parts = [
    waits && _n("%(count)s person waiting", "%(count)s people waiting", waits),
    written && _n("%(count)s unread", "%(count)s unread", written),
  ];
  const numbers = [waits, written];
  const label = parts.map((part, n) => (part ? fill(part, { count: numbers[n] ?? 0 }) : ""));
  for (const badge of [byId("waiting-badge", HTMLElement), byId("menu-badge", HTMLElement)]) {
    setText(badge, String(count));
    show(badge, count > 0);
  }
  byId("waiting-badge", HTMLElement).setAttribute("aria-label", label.filter(Boolean).join(", "));
  if (!isSilent) document.title = title(count);
}

/** @param {number} count of what waits for the reader */
function title(count) {
  if (connection.lost) return `${_("No connection")} - ${ownTitle}`;
  return count ? `(${count}) ${ownTitle}` : ownTitle;
}

function renderList() {
  const list = maybe("waiting-list", HTMLElement);
  if (!list || unread === null) return; // what the server has rendered stays until it says more
  follow(
    list,
    waiting,
    (entry) => entry.consultation_id,
    () => clone("waiting-row"),
    (row, entry) => {
      row.dataset.consultationId = entry.consultation_id;
      setText(inside(row, ".name bdi"), shownName(entry));
      inside(row, ".name").setAttribute("href", caseAddress(entry.consultation_id));
      setText(inside(row, ".speaks"), languageName(entry.language));
      inside(row, ".since").dataset.since = String(entry.waiting_since);
      const { whose = "" } = entry;
      setText(inside(row, ".whose"), whose && fill(_("Waits for %(name)s"), { name: whose }));
      show(inside(row, ".whose"), whose !== "");
      show(inside(row, ".wants-phone"), entry.asks_for_phone_call ?? false);
      const readiness = inside(row, ".readiness");
      readiness.dataset.readiness = entry.readiness ?? "not_tested";
      setText(readiness, readinessLabel(entry.readiness ?? "not_tested"));
      for (const form of row.querySelectorAll("form")) {
        form.setAttribute("action", sessionAddress(entry.consultation_id));
      }
    },
  );
  show(maybe("nobody-waits", HTMLElement), waiting.length === 0);
  show(maybe("start-next", HTMLElement), waiting.length > 0);
  renderTimes();
}

/** For how long everybody has been waiting. */
function renderTimes() {
  for (const place of document.querySelectorAll("[data-since]")) {
    if (!(place instanceof HTMLElement) || !place.dataset.since) continue;
    const since = serverNow() - Number(place.dataset.since);
    setText(
      place,
      since < 60_000
        ? _("just arrived")
        : fill(_("waiting for %(time)s"), { time: inWords(since) }),
    );
  }
}

/** @param {string} consultationId */
function sessionAddress(consultationId) {
  return (document.body.dataset.sessionPath ?? "").replace("CONSULTATION", consultationId);
}

/** @param {string} consultationId */
function caseAddress(consultationId) {
  return (document.body.dataset.casePath ?? "").replace("CONSULTATION", consultationId);
}

function showSound() {
  show(enableSound, ringer.blocked && !isSilent);
  render();
}

function listen() {
  enableSound.addEventListener("click", () => ringer.unlock());
  // For most browsers any touch of the page is enough; the button says so.
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => ringer.unlock(), { passive: true });
    document.addEventListener(kind, reportActivity, { passive: true });
  }
  openBeside(byId("sign-in-again", HTMLAnchorElement));
  document.addEventListener("input", () => (typed = true), { passive: true });
  addEventListener("online", () => channel.wake());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") channel.wake();
  });
}

async function start() {
  await loadCatalog();
  showSound();
  listen();
  setInterval(renderTimes, 15_000);
  renderTimes();
  channel.open();
}

/** What boot.js waits for. */
export const started = start();
