/** How loud the microphone is, also while muted: to tell "you are muted" to whoever speaks. */

const EVERY = 150;
/** Root mean square of speech near a microphone; breathing and keyboards stay below. */
const SPEAKING = 0.04;
/** Speaking for this many looks in a row, and it is not a cough. */
const LOOKS = 5;

export class LevelMeter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamTrack | null} */
  #copy = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {(level: number, speaking: boolean) => void} onLevel 0 to 1 */
  constructor(onLevel) {
    this.onLevel = onLevel;
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    clearInterval(this.#timer);
    this.#copy?.stop();
    this.#copy = null;
    if (!track) return;
    try {
      this.#context ??= new AudioContext();
      // Without a sound card this never settles; the meter then stays at zero.
      this.#context.resume().catch(() => {});
      // A muted track is silent; its copy still hears.
      this.#copy = track.clone();
      this.#copy.enabled = true;
      const analyser = this.#context.createAnalyser();
      analyser.fftSize = 1024;
      this.#context.createMediaStreamSource(new MediaStream([this.#copy])).connect(analyser);
      this.#watch(analyser);
    } catch {
      // No meter, but a call.
    }
  }

  /** @param {AnalyserNode} analyser */
  #watch(analyser) {
    const samples = new Float32Array(analyser.fftSize);
    let looks = 0;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const level = Math.sqrt(power);
      looks = level > SPEAKING ? looks + 1 : 0;
      this.onLevel(Math.min(1, level * 4), looks >= LOOKS);
    }, EVERY);
  }
}
