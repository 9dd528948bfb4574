/** The page behind a personal link: local times, countdown, the hint for browsers inside apps. */

import { _, fill, loadCatalog } from "../shared/catalog.js";
import { byId, inside, maybe, setText, show } from "../shared/dom.js";
import { isInAppBrowser } from "../shared/in-app-browser.js";
import { showLocalTimes, warnOfClock } from "../shared/time/local-times.js";
import { setUpPage } from "./every-page.js";
import { setServerTime, serverNow } from "../shared/time/server-clock.js";
import { inWords } from "../shared/time/format.js";
import "./copy-link.js";

const TICK = 5_000;
/** A server that says "not yet" is not asked again at once, whatever this device thinks. */
const LOOK_EVERY = 15_000;
const GONE = 410;

let looked = -LOOK_EVERY;
let offline = false;

setUpPage();
wire();
await loadCatalog();
showTimes();
tick();
setInterval(tick, TICK);
void tellElsewhere();

/** What a new copy of the page's content needs. */
function wire() {
  const canCapture = window.isSecureContext ? Boolean(navigator.mediaDevices?.getUserMedia) : true;
  const hint = maybe("in-app", HTMLElement);
  show(hint, isInAppBrowser(navigator.userAgent, canCapture));
  // Whoever goes back, perhaps the next person at this browser, comes to the seat and not to the
  // link.
  for (const form of document.querySelectorAll("form")) {
    const { seat } = form.dataset;
    if (seat) form.addEventListener("submit", () => history.replaceState(null, "", seat));
  }
}

function showTimes() {
  showLocalTimes("main");
  warnOfClock();
}

/** Under a name that is not the server's nobody would get further than the waiting room. */
async function tellElsewhere() {
  if (document.body.dataset.home === location.origin) return;
  const place = maybe("elsewhere", HTMLElement);
  const { showDiagnosis } = await import("../signaling/diagnosis.js");
  if (place) void showDiagnosis(place, ({ address }) => Boolean(address));
}

function tick() {
  const countdown = maybe("countdown", HTMLElement);
  if (!countdown) return;
  const left = Number(document.body.dataset.opensAt) - serverNow();
  if (left < 0) void look();
  const opens = fill(_("Opens in %(time)s"), { time: inWords(left + 59_999) });
  setText(countdown, offline ? `${opens} · ${_("No connection")}` : opens);
}

/** Ask whether the door is open. The page is never loaded again: what is new takes its place. */
async function look() {
  if (performance.now() - looked < LOOK_EVERY) return;
  looked = performance.now();
  const headers = { Accept: "text/html" };
  const answer = await fetch(location.href, { headers }).catch(() => null);
  offline = !answer;
  if (!answer?.ok && answer?.status !== GONE) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { now, opensAt = "0" } = fresh.body.dataset;
  if (!now) return; // no page of ours: somebody wants to be paid for the network
  setServerTime(Number(now));
  document.body.dataset.opensAt = opensAt;
  byId("main", HTMLElement).replaceWith(document.importNode(inside(fresh, "main"), true));
  wire();
  showTimes();
  void tellElsewhere();
}
