/** The page behind a personal link: local times, countdown, the hint for browsers inside apps. */

import { _, fill, loadCatalog } from "../shared/catalog.js";
import { byId, maybe, setText, show } from "../shared/dom.js";
import { insideApp } from "../shared/in-app.js";
import { showLocalTimes } from "../shared/local-times.js";
import { serveReader } from "../shared/reader.js";
import { inWords } from "../shared/times.js";
import "./copy-link.js";

serveReader();
const canCapture = window.isSecureContext ? Boolean(navigator.mediaDevices?.getUserMedia) : true;
show(byId("in-app", HTMLElement), insideApp(navigator.userAgent, canCapture));

await loadCatalog();
showLocalTimes("main");

const opensAt = Number(document.body.dataset.opensAt ?? 0);
const countdown = maybe("countdown", HTMLElement);
if (opensAt && countdown) {
  const tick = () => {
    const left = opensAt - Date.now();
    // A moment later than the server's own clock says: reloading too early shows this page again.
    if (left < -1_000) location.reload();
    else setText(countdown, fill(_("Opens in %(time)s"), { time: inWords(left + 59_999) }));
  };
  tick();
  setInterval(tick, 5_000);
}
