/**
 * Every page of a scheduler: who waits, as badge, title, list, ring tone and desktop notification; or
 * that the connection is lost. On a session page it makes no sound: a conversation is going on.
 */

import { Channel } from "../signaling/channel.js";
import { PROTOCOL_VERSION } from "../signaling/protocol.js";
import { _, _n, fill, loadCatalog } from "../shared/catalog.js";
import { byId, clone, follow, inside, maybe, setText, show } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";
import { ConnectionStatus } from "../signaling/connection-status.js";
import { LIST_CHANGED } from "../shared/live-lists.js";
import { readinessLabel } from "../shared/readiness.js";
import { languageName, setUpPage } from "./every-page.js";
import { clearStorage } from "../shared/clear-storage.js";
import { serverNow } from "../shared/time/server-clock.js";
import { socketAddress } from "../signaling/socket-address.js";
import { Ringer } from "../shared/ringer.js";
import { prefer } from "../shared/ring-sounds.js";
import { openBeside } from "../shared/sign-in-beside.js";
import { SignInEnd } from "../signaling/sign-in-end.js";
import { tellSignedIn, whenSignedIn } from "../shared/signed-in.js";
import { inWords, timeOfDay } from "../shared/time/format.js";

/** @import { WaitingEntry } from "../signaling/values.js" */

const isSilent = document.body.dataset.consultationId !== undefined;
const ownTitle = document.title;
const peerId = newId();
const account = document.body.dataset.account ?? "";
const signInEnd = new SignInEnd();
/** Milliseconds after which somebody who goes on working is reported again. */
const REPORT_EVERY = 60_000;
let reportedAt = -Infinity;
let isSignedOut = false;
const enableSound = byId("enable-sound", HTMLButtonElement);

/** @type {WaitingEntry[]} */
let waiting = [];
/** @type {Set<string>} */
let announcedIds = new Set();
/** Something was typed on this page. */
let typed = false;
/** Drafts and messages in the chat that are not sent. */
const UNSENT = "#chat-text:not(:placeholder-shown), [data-state='sending'], [data-state='refused']";

tellSignedIn(account); // before any script reads what this browser keeps
setUpPage();
await loadCatalog();

const { ringSound, ringVolume, notifications } = document.body.dataset;
const ringer = new Ringer(showSound);
prefer(ringer, ringSound, Number(ringVolume));
const connection = new ConnectionStatus(render);
showSound();

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
    render();
  },
  onState: (state, reason) => {
    connection.follow(state, reason);
    isSignedOut = state === "ended" && reason === "sign_in_required";
    if (isSignedOut) signedOut();
  },
});

/** Signing out closes the connection, too; where its answer leads must not be overtaken. */
let signingOut = false;
document.addEventListener("submit", ({ target }) => {
  signingOut ||= target instanceof HTMLElement && "leave" in target.dataset;
});

/**
 * The reader may not see this page any more. Unsent text stays, so that it can be copied, or sent
 * after signing in on another page.
 */
function signedOut() {
  ringer.stop();
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

function render() {
  // Including those who came back to a session that was kept open.
  const unanswered = connection.lost
    ? [] // those who waited may have left
    : waiting.filter(({ state }) => state === "waiting" || state === "kept_open");
  const badge = byId("waiting-badge", HTMLElement);
  setText(badge, String(unanswered.length));
  badge.setAttribute(
    "aria-label",
    fill(_n("%(count)s person waiting", "%(count)s people waiting", unanswered.length), {
      count: unanswered.length,
    }),
  );
  show(badge, unanswered.length > 0);
  if (!isSilent) document.title = title(unanswered.length);
  if (unanswered.length && !isSilent) ringer.start();
  else ringer.stop();
  renderList();
  announce(unanswered);
}

/** @param {number} count of those who wait */
function title(count) {
  if (connection.lost) return `${_("No connection")} - ${ownTitle}`;
  return count ? `(${count}) ${ownTitle}` : ownTitle;
}

function renderList() {
  const list = maybe("waiting-list", HTMLElement);
  if (!list) return;
  follow(
    list,
    waiting,
    (entry) => entry.consultation_id,
    () => clone("waiting-row"),
    (row, entry) => {
      row.dataset.consultationId = entry.consultation_id;
      setText(inside(row, ".name"), entry.name);
      setText(inside(row, ".language"), languageName(entry.language));
      inside(row, ".since").dataset.since = String(entry.waiting_since);
      const { whose = "" } = entry;
      setText(inside(row, ".whose"), whose && fill(_("Waits for %(name)s"), { name: whose }));
      show(inside(row, ".whose"), whose !== "");
      const readiness = inside(row, ".readiness");
      readiness.dataset.readiness = entry.readiness ?? "not_tested";
      setText(readiness, readinessLabel(entry.readiness ?? "not_tested"));
      inside(row, "form").setAttribute("action", sessionAddress(entry.consultation_id));
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
    const since = inWords(serverNow() - Number(place.dataset.since));
    setText(place, fill(_("waiting for %(time)s"), { time: since }));
  }
}

/** @param {string} consultationId */
function sessionAddress(consultationId) {
  return (document.body.dataset.sessionPath ?? "").replace("CONSULTATION", consultationId);
}

function showSound() {
  show(enableSound, ringer.blocked && !isSilent);
}

/**
 * Show a desktop notification of new arrivals, if the profile says so and the browser was allowed to
 * there. It names nobody: any passer-by may read it.
 * @param {WaitingEntry[]} unanswered
 */
function announce(unanswered) {
  const fresh = unanswered.some((entry) => !announcedIds.has(entry.consultation_id));
  announcedIds = new Set(unanswered.map((entry) => entry.consultation_id));
  if (!fresh || isSilent || notifications !== "on" || document.visibilityState === "visible")
    return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(_("Somebody is in the waiting room"), { tag: "waiting" });
    shown.onclick = () => window.focus();
  } catch {
    // Phones only allow notifications from a service worker.
  }
}

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
setInterval(renderTimes, 15_000);
renderTimes();
channel.open();
