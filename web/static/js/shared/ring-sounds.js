/** The rings to choose from under "Your profile". */

import { PHONE } from "./ringer.js";

/** @type {Record<string, number[][]>} */
const SOUNDS = {
  phone: PHONE,
  bell: [
    [988, 0],
    [784, 0.3],
    [988, 1.2],
    [784, 1.5],
  ],
  soft: [
    [392, 0],
    [494, 0.4],
    [587, 0.8],
  ],
};
/** Something new to read. */
export const NOTE = [[880, 0]];
/** Nobody can be heard arriving any more: low, and falling, unlike any ring. */
export const ALARM = [
  [294, 0],
  [220, 0.4],
];
/** Of the loudest ring; at 70 percent it is as loud as a ring that nobody has chosen. */
const LOUDEST = 0.51;

/**
 * Have it ring as somebody prefers. Loudness follows the square of the slider, as ears do.
 * @param {import("./ringer.js").Ringer} ringer
 * @param {string | undefined} sound
 * @param {number} percent
 */
export function prefer(ringer, sound, percent) {
  ringer.peak = LOUDEST * (percent / 100) ** 2;
  // An exponential ramp cannot begin at zero.
  ringer.tones = ringer.peak > 0 ? (SOUNDS[sound ?? ""] ?? PHONE) : [];
}
