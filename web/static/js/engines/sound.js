/** Web Audio as it was before Safari 14.1: under another name, and samples only as bytes. */

import { addMissing } from "./missing.js";

const { AnalyserNode: Analyser, webkitAudioContext } = /** @type {any} */ (window);

if (!("AudioContext" in window) && webkitAudioContext) {
  Object.assign(window, { AudioContext: webkitAudioContext });
}

if (Analyser) {
  addMissing([Analyser.prototype], {
    /**
     * @this {any}
     * @param {Float32Array} samples
     */
    getFloatTimeDomainData(samples) {
      const bytes = new Uint8Array(samples.length);
      this.getByteTimeDomainData(bytes);
      bytes.forEach((byte, place) => (samples[place] = (byte - 128) / 128));
    },
  });
}
