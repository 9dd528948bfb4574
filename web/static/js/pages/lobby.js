/**
 * Every page of a scheduler: who waits, as badge, title, list, ring and desktop notification; or that
 * nobody could be heard arriving.
 * On a session page it stays silent: somebody is being spoken with.
 */

import { Channel } from "../signaling/channel.js";
import { PROTOCOL_VERSION } from "../signaling/protocol.js";
import { _, _n, fill, loadCatalog } from "../shared/catalog.js";
import { byId, clone, follow, inside, maybe, setText, show } from "../shared/dom.js";
import { newId } from "../shared/identifier.js";
import { ConnectionStatus } from "../signaling/connection-status.js";
import { LIST_CHANGED } from "../shared/live-lists.js";
import { clearStorage, languageName, setUpPage } from "./every-page.js";
import { serverNow } from "../shared/time/server-clock.js";
import { socketAddress } from "../signaling/socket-address.js";
import { Ringer } from "../shared/ringer.js";
import { inWords } from "../shared/time/format.js";

/** @import { WaitingEntry } from "../signaling/messages.js" */

const silent = document.body.dataset.consultationId !== undefined;
const ownTitle = document.title;
const peerId = newId();
const enableSound = byId("enable-sound", HTMLButtonElement);

/** @type {WaitingEntry[]} */
let waiting = [];
/** @type {Set<string>} */
let announced = new Set();
/** Something stands on this page that only its reader has. */
let typed = false;
/** What a page before this one left in the chat. */
const UNSENT = "#chat-text:not(:placeholder-shown), [data-state='sending'], [data-state='refused']";
/** The first list says what the page shows already. */
let told = false;

setUpPage();
await loadCatalog();

const ringer = new Ringer(showSound);
const line = new ConnectionStatus(render);
showSound();

const channel = new Channel({
  address: socketAddress(),
  hello: () => ({ type: "hello", version: PROTOCOL_VERSION, stream: "lobby", peer_id: peerId }),
  onMessage: (message) => {
    // Whoever comes or goes changes the lists as well.
    if (message.type === "list_changed" || (message.type === "lobby" && told)) {
      document.dispatchEvent(new Event(LIST_CHANGED));
    }
    if (message.type !== "lobby") return;
    told = true;
    waiting = message.waiting;
    render();
  },
  onState: (state, reason) => {
    line.follow(state, reason);
    if (state === "ended" && reason === "sign_in_required") signedOut();
  },
});

/**
 * Nothing on this page is theirs to see any more. What somebody is writing is not taken away with
 * it: it can be copied, or sent after signing in on another page.
 */
function signedOut() {
  ringer.stop();
  clearStorage();
  if (typed || document.querySelector(UNSENT)) show(byId("signed-out", HTMLElement), true);
  else location.replace(byId("sign-in", HTMLAnchorElement).href);
}

function render() {
  // Also somebody who came back to a session that was kept open.
  const unanswered = line.lost
    ? [] // who waited may have left
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
  if (!silent) document.title = title(unanswered.length);
  if (unanswered.length && !silent) ringer.start();
  else ringer.stop();
  renderList();
  announce(unanswered);
}

/** @param {number} count of those who wait */
function title(count) {
  if (line.lost) return `${_("No connection")} - ${ownTitle}`;
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
      const readiness = inside(row, ".readiness");
      readiness.dataset.readiness = entry.readiness ?? "not_tested";
      setText(readiness, readinessWord(entry.readiness ?? "not_tested"));
      inside(row, "form").setAttribute("action", sessionAddress(entry.consultation_id));
    },
  );
  show(maybe("nobody-waits", HTMLElement), waiting.length === 0);
  show(maybe("start-next", HTMLElement), waiting.length > 0);
  renderTimes();
}

/** How long everybody has been waiting, in the reader's words. */
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

/** @param {NonNullable<WaitingEntry["readiness"]>} readiness */
function readinessWord(readiness) {
  return {
    ready: _("Ready"),
    ready_with_limits: _("Ready with limits"),
    not_ready: _("Not ready"),
    not_tested: _("Not tested"),
  }[readiness];
}

function showSound() {
  show(enableSound, ringer.blocked && !silent);
}

/**
 * A desktop notification for those who have not had one. It names nobody: it may be read by
 * whoever passes the screen.
 * @param {WaitingEntry[]} unanswered
 */
function announce(unanswered) {
  const fresh = unanswered.some((entry) => !announced.has(entry.consultation_id));
  announced = new Set(unanswered.map((entry) => entry.consultation_id));
  if (!fresh || silent || document.visibilityState === "visible") return;
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(_("Somebody is in the waiting room"), { tag: "waiting" });
    shown.onclick = () => window.focus();
  } catch {
    // Phones only allow notifications from a service worker.
  }
}

enableSound.addEventListener("click", () => {
  ringer.unlock();
  if ("Notification" in window && Notification.permission === "default") {
    void Notification.requestPermission();
  }
});
// Any touch of the page is enough for most browsers; the button is for those who wonder.
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => ringer.unlock(), { passive: true });
}
document.addEventListener("input", () => (typed = true), { passive: true });
addEventListener("online", () => channel.wake());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") channel.wake();
});
setInterval(renderTimes, 15_000);
renderTimes();
channel.open();
