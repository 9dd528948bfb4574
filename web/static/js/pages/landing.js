/** The page behind a personal link: local times, countdown, the hint for browsers inside apps. */

import { _, fill, loadCatalog } from "../shared/catalog.js";
import { byId, maybe, setText, show } from "../shared/dom.js";
import { insideApp } from "../shared/in-app.js";
import { serveReader } from "../shared/reader.js";
import { dateAndTime, inWords } from "../shared/times.js";
import "./copy-link.js";

serveReader();
const canCapture = window.isSecureContext ? Boolean(navigator.mediaDevices?.getUserMedia) : true;
show(byId("in-app", HTMLElement), insideApp(navigator.userAgent, canCapture));

// The server wrote them in the zone it knew; this phone knows better where it is.
for (const time of document.querySelectorAll("main time")) {
  const at = Date.parse(time.getAttribute("datetime") ?? "");
  if (at) setText(time, dateAndTime(at));
}
for (const zone of document.querySelectorAll("main .zone")) zone.remove();

if (document.body.dataset.home !== location.origin) {
  const { tellWhy } = await import("../shared/no-line.js");
  void tellWhy(byId("elsewhere", HTMLElement), ({ address }) => Boolean(address));
}

const opensAt = Number(document.body.dataset.opensAt ?? 0);
const countdown = maybe("countdown", HTMLElement);
if (opensAt && countdown) {
  await loadCatalog();
  const tick = () => {
    const left = opensAt - Date.now();
    // A moment later than the server's own clock says: reloading too early shows this page again.
    if (left < -1_000) location.reload();
    else setText(countdown, fill(_("Opens in %(time)s"), { time: inWords(left + 59_999) }));
  };
  tick();
  setInterval(tick, 5_000);
}
