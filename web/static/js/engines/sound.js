/** Web Audio under the name that it had before Safari 14.1. */

const { webkitAudioContext } = /** @type {any} */ (window);

if (!("AudioContext" in window) && webkitAudioContext) {
  Object.assign(window, { AudioContext: webkitAudioContext });
}
