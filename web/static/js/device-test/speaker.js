/** Whether the reader hears what this device plays: only they can say. */

import { _ } from "../shared/catalog.js";
import { inside } from "../shared/dom.js";

const TONES = [523, 659, 784];
const TONE_SECONDS = 0.35;

/** @type {import("./runner.js").Test} */
export async function testSpeaker(report) {
  const context = new AudioContext();
  const area = report.place("speaker-area");
  report.say(_("Three tones are playing. Do you hear them? Turn the sound up if not."));
  play(context);
  try {
    const heard = await new Promise((resolve) => {
      inside(area, ".heard").addEventListener("click", () => resolve(true));
      inside(area, ".unheard").addEventListener("click", () => resolve(false));
      inside(area, ".again").addEventListener("click", () => play(context));
      report.signal.addEventListener("abort", () => resolve(false));
    });
    if (heard) report.passed(_("You hear the sound."));
    else {
      report.failed(
        _("Turn the sound up, switch silent mode off, or connect headphones. Then test again."),
      );
    }
  } finally {
    void context.close();
  }
}

/** @param {AudioContext} context */
function play(context) {
  context.resume().catch(() => {});
  TONES.forEach((frequency, index) => {
    const begin = context.currentTime + index * TONE_SECONDS;
    const oscillator = context.createOscillator();
    const volume = context.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(0.3, begin + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + TONE_SECONDS);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(begin + TONE_SECONDS);
  });
}
