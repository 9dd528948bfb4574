/** The device test: wires its steps to the page and sends the result to the server. */

import { testBrowser } from "../device-test/browser.js";
import { testCamera } from "../device-test/camera.js";
import { mediaPathTest } from "../device-test/media-path.js";
import { testMicrophone } from "../device-test/microphone.js";
import { runAll } from "../device-test/runner.js";
import { signalingTest } from "../device-test/signaling.js";
import { testSpeaker } from "../device-test/speaker.js";
import { speedTest } from "../device-test/speed.js";
import { _, loadCatalog } from "../shared/catalog.js";
import { byId, clone, inside, maybe, setText, show } from "../shared/dom.js";
import { readinessLabel } from "../shared/labels.js";
import { setUpPage } from "./every-page.js";
import { showLimits } from "./limited.js";

/**
 * @import { Outcome, Stage, Test } from "../device-test/runner.js"
 */

setUpPage();

const page = document.body.dataset;
const start = byId("start-test", HTMLButtonElement);

/** @type {[string, Test][]} in the order of the page */
const tests = [
  ["browser", testBrowser],
  ["camera", testCamera],
  ["microphone", testMicrophone],
  ["speaker", testSpeaker],
  ["signaling", signalingTest(page.healthPath ?? "")],
  [
    "media_path",
    mediaPathTest(JSON.parse(page.iceServers ?? "[]").map(iceServer), page.relayPath ?? ""),
  ],
  ["speed", speedTest({ download: page.downloadPath ?? "", upload: page.uploadPath ?? "" })],
];

/** @type {Stage} */
const stage = {
  begin(step, skip) {
    const place = stepElement(step);
    place.dataset.outcome = "running";
    setText(inside(place, ".outcome"), _("Testing…"));
    const button = clone("skip-step");
    button.addEventListener("click", skip);
    inside(place, ".heading").append(button);
    place.scrollIntoView({ block: "nearest" });
  },
  say: (step, sentence) => setText(inside(stepElement(step), ".sentence"), sentence),
  place(step, template) {
    const piece = clone(template);
    inside(stepElement(step), ".area").replaceChildren(piece);
    return piece;
  },
  clear(step) {
    inside(stepElement(step), ".area").replaceChildren();
    stepElement(step).querySelector(".skip-step")?.remove();
  },
  end(step, outcome, sentence) {
    const place = stepElement(step);
    place.dataset.outcome = outcome;
    setText(inside(place, ".outcome"), outcomeLabel(outcome));
    setText(inside(place, ".sentence"), sentence);
  },
};

/** What boot.js waits for. */
export const started = loadCatalog().then(() => (start.disabled = false));

void showLimits();
start.addEventListener("click", async () => {
  start.disabled = true;
  show(byId("result", HTMLElement), false);
  for (const [step] of tests) {
    delete stepElement(step).dataset.outcome;
    for (const part of [".outcome", ".sentence"]) setText(inside(stepElement(step), part), "");
  }
  const outcomes = await runAll(tests, stage, () =>
    _("This step could not be finished. Please test again."),
  );
  if ([outcomes.camera, outcomes.microphone].includes("failed")) void showLimits(true);
  await sendResult(outcomes);
  setText(start, _("Test again"));
  start.disabled = false;
});

/** @param {Record<string, Outcome>} outcomes */
async function sendResult(outcomes) {
  const answer = await fetch(page.resultPath ?? "", {
    method: "POST",
    body: JSON.stringify(outcomes),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  }).catch(() => null);
  const place = byId("result", HTMLElement);
  const readiness = answer?.ok ? (await answer.json()).readiness : "";
  place.className = `notice ${noticeKind(readiness)}`;
  setText(
    byId("result-text", HTMLElement),
    readiness
      ? _("Result: %(result)s").replace("%(result)s", readinessLabel(readiness))
      : _("The result could not be saved. Your device was tested all the same."),
  );
  const kept = byId("result-kept", HTMLElement);
  setText(kept, _("The person who invited you can see this result."));
  show(kept, Boolean(readiness) && page.kept !== undefined);
  show(place, true);
  place.focus(); // which reads it, so it is no live region
  leadOn(readiness === "ready");
}

/**
 * The main button is what comes next: back to the invitation, or another test.
 * @param {boolean} ready
 */
function leadOn(ready) {
  const back = maybe("go-back", HTMLButtonElement);
  back?.classList.toggle("primary", ready);
  start.classList.toggle("primary", !back || !ready);
}

/** @param {string} step */
function stepElement(step) {
  return inside(document, `[data-step="${step}"]`);
}

/** @param {Outcome} outcome */
function outcomeLabel(outcome) {
  return {
    passed: _("Passed"),
    warning: _("Warning"),
    failed: _("Failed"),
    skipped: _("Skipped"),
  }[outcome];
}

/** @param {string} readiness */
function noticeKind(readiness) {
  if (readiness === "ready") return "good";
  return readiness === "not_ready" ? "bad" : "warning";
}

/**
 * @param {{ urls: string[], username: string, credential: string }} server
 * @returns {RTCIceServer}
 */
function iceServer({ urls, username, credential }) {
  return username ? { urls, username, credential } : { urls };
}
