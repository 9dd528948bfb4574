/**
 * A ring tone, synthesized in the browser. Autoplay policies keep a page silent until its reader has
 * touched it: `blocked` says so, and `unlock` is to be called on a tap.
 */

const RING_INTERVAL = 3_000;

/** Each tone as [frequency in Hz, delay in seconds]. */
export const PHONE = [
  [659, 0],
  [523, 0.35],
  [659, 0.9],
  [523, 1.25],
];

export class Ringer {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  tones = PHONE;
  /** How loud it is at most, up to 1. */
  peak = 0.25;

  /** @param {() => void} onChange called when `blocked` may have changed */
  constructor(onChange = () => {}) {
    try {
      this.#context = new AudioContext();
      this.#context.onstatechange = onChange;
    } catch {
      // No audio on this device: the title and the list still show who waits.
    }
  }

  get blocked() {
    return this.#context !== null && this.#context.state !== "running";
  }

  unlock() {
    // Never awaited: without a sound card this promise does not settle.
    this.#context?.resume().catch(() => {});
  }

  start() {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#ring(), RING_INTERVAL);
    this.#ring();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ring() {
    this.unlock();
    // Before the first touch browsers refuse it, with an error on the console.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
    this.play(this.tones);
  }

  /**
   * Sound once, unless the browser blocks it.
   * @param {number[][]} tones
   */
  play(tones) {
    if (this.blocked) return;
    for (const [frequency, delay] of tones) this.#tone(frequency, delay);
  }

  /**
   * @param {number} frequency Hz
   * @param {number} delay seconds
   */
  #tone(frequency, delay) {
    const context = this.#context;
    if (!context) return;
    const begin = context.currentTime + delay;
    const oscillator = context.createOscillator();
    const volume = context.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(this.peak, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.32);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(begin + 0.34);
  }
}
