/** Whether the microphone hears somebody speak. */

import { _ } from "../shared/catalog.js";
import { deviceProblem } from "./problems.js";
import { pause } from "./runner.js";

/** Root mean square: speech at arm's length reaches 0.02, a quiet room stays under 0.005. */
const SPEECH = 0.012;
/** Loud in this many polls, it was no knock on the table. */
const SPEECH_POLLS = 3;
const POLL_INTERVAL = 100;
/** Long enough to read the sentence and to say one. */
const LISTEN_FOR = 12_000;

/** @type {import("./runner.js").Test} */
export async function testMicrophone(report) {
  report.say(_("Allow the microphone when the browser asks."));
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    return report.failed(deviceProblem(error, "audio"));
  }
  if (report.signal.aborted) {
    // Skipped while the prompt was open: its late answer opens nothing.
    for (const track of stream.getTracks()) track.stop();
    return;
  }
  const context = new AudioContext();
  try {
    // Without a sound card this never settles.
    context.resume().catch(() => {});
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const meter = report.place("microphone-area");
    report.say(_("Please say something: the bar should move."));
    return (await hears(analyser, meter, report.signal))
      ? report.passed(_("Your microphone works."))
      : report.warning(
          _(
            "The microphone is on, but hears nothing. Is it muted by a switch, or is another one chosen in the system's settings?",
          ),
        );
  } finally {
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  }
}

/**
 * @param {AnalyserNode} analyser
 * @param {HTMLElement} meter
 * @param {AbortSignal} signal
 */
async function hears(analyser, meter, signal) {
  const samples = new Float32Array(analyser.fftSize);
  let loudPolls = 0;
  for (let waited = 0; waited < LISTEN_FOR && !signal.aborted; waited += POLL_INTERVAL) {
    await pause(POLL_INTERVAL, signal);
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const level = Math.sqrt(power);
    if (meter instanceof HTMLMeterElement) meter.value = Math.min(1, level * 8);
    if (level > SPEECH) loudPolls += 1;
    if (loudPolls >= SPEECH_POLLS) return true;
  }
  return false;
}
