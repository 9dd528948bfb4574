/** The page behind a personal link: local times, countdown, a hint in browsers inside apps. */

import { _, fill, loadCatalog } from "../shared/catalog.js";
import { byId, inside, maybe, readPage, setText } from "../shared/dom.js";
import { showLocalTimes, warnOfClock } from "../shared/time/local-times.js";
import { setUpPage } from "./every-page.js";
import { setServerTime, serverNow } from "../shared/time/server-clock.js";
import { inWords } from "../shared/time/format.js";
import { showLimits } from "./limited.js";
import { joinInPlace } from "../room/joining.js";
import { ParkedSocket } from "../signaling/parked-socket.js";

const COUNTDOWN_INTERVAL = 5_000;
/** At most this often the server is asked whether it is time, whatever this device's clock says. */
const CHECK_INTERVAL = 15_000;
/** At least this often, unless the page sleeps: sessions are moved, and canceled. */
const LOOK_AGAIN = 600_000;
const GONE = 410;
/** Milliseconds from the beginning until somebody who is still here is taken for a reader. */
const READING = 2_000;

const parked = new ParkedSocket();

let checkedAt = -CHECK_INTERVAL;
let offline = false;

/** What boot.js waits for. */
export const started = start();

async function start() {
  setUpPage();
  addEventListener("pagehide", () => parked.close());
  wireContent();
  await loadCatalog();
  showTimes();
  updateCountdown();
  setInterval(updateCountdown, COUNTDOWN_INTERVAL);
  void warnOfHost();
  if (document.readyState === "complete") void prepare();
  else addEventListener("load", () => void prepare());
}

/** What joining needs, while somebody reads. */
async function prepare() {
  if (!document.body.dataset.nextFiles) return;
  await fetchAhead();
  const { home } = document.body.dataset;
  const savesData = /** @type {any} */ (navigator).connection?.saveData;
  if (savesData || home !== location.origin) return;
  // whoever only looks in, a preview for example, is gone by then
  setTimeout(() => parked.open(), Math.max(0, READING - performance.now()));
  for (const sign of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(sign, () => parked.open(), { passive: true });
  }
}

/**
 * Fetch what the session page needs while somebody reads: the browser keeps it. One file after the
 * other, so that a pressed button does not wait behind all of them.
 */
async function fetchAhead() {
  const files = document.body.dataset.nextFiles?.split(" ") ?? [];
  for (const file of files) {
    const answer = await fetch(file, { priority: "low" }).catch(() => null);
    if (!answer?.ok) return;
    await answer.arrayBuffer().catch(() => null);
  }
}

/** Set up the content of the page, also after it was replaced. */
function wireContent() {
  void showLimits();
  // Going back, perhaps by the next person at this browser, leads to the seat and not to the link.
  for (const form of document.querySelectorAll("form")) {
    const { seat } = form.dataset;
    if (!seat) continue;
    form.addEventListener("submit", () => history.replaceState(null, "", seat));
    joinInPlace(form, parked);
  }
}

function showTimes() {
  showLocalTimes("main");
  warnOfClock();
}

/** Under a host name that is not the server's own, nobody gets past the waiting room: say so. */
async function warnOfHost() {
  if (document.body.dataset.home === location.origin) return;
  const place = maybe("elsewhere", HTMLElement);
  const { showDiagnosis } = await import("../signaling/diagnosis.js");
  if (place) void showDiagnosis(place, ({ address }) => Boolean(address));
}

function updateCountdown() {
  const countdown = maybe("countdown", HTMLElement);
  if (!countdown) return;
  const left = Number(document.body.dataset.opensAt) - serverNow();
  if (left < 0 || performance.now() - checkedAt > LOOK_AGAIN) void check();
  const opens = fill(_("Opens in %(time)s"), { time: inWords(left + 59_999) });
  setText(countdown, offline ? `${opens} · ${_("No connection")}` : opens);
}

/** Ask whether the session may be joined. The page is not reloaded, only its content replaced. */
async function check() {
  if (performance.now() - checkedAt < CHECK_INTERVAL) return;
  checkedAt = performance.now();
  const headers = { Accept: "text/html" };
  const answer = await fetch(location.href, { headers }).catch(() => null);
  offline = !answer;
  if (!answer?.ok && answer?.status !== GONE) return;
  const fresh = readPage(await answer.text());
  const { now, opensAt = "0" } = fresh.body.dataset;
  if (!now) return; // not a page of ours: a captive portal
  if (!maybe("countdown", HTMLElement)) return; // an earlier answer, or the session, stands there by now
  setServerTime(Number(now));
  if (opensAt === document.body.dataset.opensAt) return; // nothing has changed, and somebody may be reading
  document.body.dataset.opensAt = opensAt;
  const { nextFiles } = fresh.body.dataset;
  if (nextFiles && !document.body.dataset.nextFiles) {
    document.body.dataset.nextFiles = nextFiles;
    void prepare();
  }
  const main = document.importNode(inside(fresh, "main"), true);
  byId("main", HTMLElement).replaceWith(main);
  // what had it is gone, or nothing had
  if (document.activeElement === document.body) main.focus();
  wireContent();
  showTimes();
  void warnOfHost();
}
