/** The level of the microphone, even while muted: whoever speaks then is reminded of it. */

const POLL_INTERVAL = 150;
/** Root mean square of speech close to a microphone; breathing and typing stay below. */
const SPEAKING = 0.04;
/** Above that for this many polls in a row, it is not a cough. */
const SPEAKING_POLLS = 5;

export class LevelMeter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamTrack | null} */
  #clone = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {(level: number, speaking: boolean) => void} onLevel 0 to 1 */
  constructor(onLevel) {
    this.onLevel = onLevel;
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    clearInterval(this.#timer);
    this.#clone?.stop();
    this.#clone = null;
    if (!track) return;
    try {
      this.#context ??= new AudioContext();
      // Without a sound card this never settles, and the meter stays at zero.
      this.#context.resume().catch(() => {});
      // A muted track is silent; its clone is not.
      this.#clone = track.clone();
      this.#clone.enabled = true;
      const analyser = this.#context.createAnalyser();
      analyser.fftSize = 1024;
      this.#context.createMediaStreamSource(new MediaStream([this.#clone])).connect(analyser);
      this.#poll(analyser);
    } catch {
      // A call does not need the meter.
    }
  }

  /** @param {AnalyserNode} analyser */
  #poll(analyser) {
    const samples = new Float32Array(analyser.fftSize);
    let loudPolls = 0;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const level = Math.sqrt(power);
      loudPolls = level > SPEAKING ? loudPolls + 1 : 0;
      this.onLevel(Math.min(1, level * 4), loudPolls >= SPEAKING_POLLS);
    }, POLL_INTERVAL);
  }
}
