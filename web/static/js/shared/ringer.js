/**
 * A ring made by the browser itself. Browsers keep pages silent until somebody touches them:
 * `blocked` tells, and `unlock` is for the tap.
 */

const EVERY = 3_000;

export class Ringer {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {() => void} onChange called when sound becomes possible or impossible */
  constructor(onChange = () => {}) {
    try {
      this.#context = new AudioContext();
      this.#context.onstatechange = onChange;
    } catch {
      // No sound on this device: the title and the list still tell.
    }
  }

  get blocked() {
    return this.#context !== null && this.#context.state !== "running";
  }

  get ringing() {
    return this.#timer !== undefined;
  }

  unlock() {
    // Never awaited: without a sound card this promise does not settle.
    this.#context?.resume().catch(() => {});
  }

  start() {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#ring(), EVERY);
    this.#ring();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #ring() {
    this.unlock();
    // Before the first touch browsers forbid it, and complain on the console.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
    if (this.blocked) return;
    this.#tone(659, 0);
    this.#tone(523, 0.35);
    this.#tone(659, 0.9);
    this.#tone(523, 1.25);
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
    volume.gain.linearRampToValueAtTime(0.25, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.32);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(begin + 0.34);
  }
}
