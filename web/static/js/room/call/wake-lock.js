/** Keep the screen on during a call, where the browser can. */

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

/** @param {boolean} on */
export async function keepAwake(on) {
  wanted = on;
  try {
    if (on && !lock && document.visibilityState === "visible") {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
      lock?.addEventListener("release", () => {
        lock = null;
      });
    } else if (!on) {
      await lock?.release();
    }
  } catch {
    // A low battery refuses; the call goes on.
  }
}

/** The system releases the lock with every look at another app. */
export function renewWakeLock() {
  if (wanted) void keepAwake(true);
}
