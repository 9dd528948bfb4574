/** A soft tone, once: a message has come that its reader does not look at. */

const FREQUENCY = 587;
/** Much softer than the ring of a call, up to 1. */
const PEAK = 0.06;
const SECONDS = 0.4;
/** Milliseconds after which it is too late: a browser may hold back sound until a page is touched. */
const TOO_LATE = 1_000;

/** @type {AudioContext | null} */
let context = null;

export function chime() {
  // before the first touch browsers refuse it, with a warning on the console
  if (navigator.userActivation?.hasBeenActive === false) return;
  const wanted = performance.now();
  try {
    context ??= new AudioContext();
    // not awaited: without a sound card this never settles
    void context.resume().then(
      () => performance.now() - wanted < TOO_LATE && play(),
      () => {},
    );
  } catch {
    // No audio on this device: the title tells it too.
  }
}

function play() {
  if (!context) return;
  const begin = context.currentTime;
  const [oscillator, volume] = [context.createOscillator(), context.createGain()];
  oscillator.frequency.value = FREQUENCY;
  volume.gain.setValueAtTime(0, begin);
  volume.gain.linearRampToValueAtTime(PEAK, begin + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0005, begin + SECONDS);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(begin);
  oscillator.stop(begin + SECONDS);
}
