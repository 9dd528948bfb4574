/**
 * The encodings that this page sends to the relay: bit rates and sizes of the camera's two simulcast
 * encodings, of its only one, and of a shared screen.
 */

import { limitAudio, limitVideo, UNLIMITED } from "./sending-limits.js";

/**
 * @import { Limits } from "./sending-limits.js"
 * @typedef {"audio" | "video" | "screen"} TrackKind
 */

/** Bits per second of the camera's encodings: a face at 540 lines, and in a small tile. */
const LARGE_BITRATE = 900_000;
const SMALL_BITRATE = 150_000;
/** The one encoding on a narrow link: at full resolution, which the browser lowers as it must. */
const SINGLE_BITRATE = 500_000;
const SCREEN_BITRATE = 1_500_000;
/** Height of the small encoding; `docs/relay.md` says which tiles get it. */
const SMALL_HEIGHT = 180;

/**
 * Set how a track is sent: audio first, the camera large and small, a screen readable.
 * @param {TrackKind} kind
 * @param {MediaStreamTrack} track
 * @param {RTCRtpEncodingParameters[]} encodings
 * @param {object} [options]
 * @param {boolean} [options.single] send the camera in one encoding, for a narrow link
 * @param {Limits} [options.limits]
 */
export function setEncodings(kind, track, encodings, { single = false, limits = UNLIMITED } = {}) {
  const [large, small] = encodings;
  if (!large) return;
  if (kind === "audio") {
    limitAudio(large, limits);
    return;
  }
  const { height: lines = 0 } = track.getSettings();
  const bitrate = kind === "screen" ? SCREEN_BITRATE : LARGE_BITRATE;
  limitVideo(large, { bitrate, lines }, limits);
  if (small) {
    const isSingle = single || limits.height > 0;
    large.active = limits.video && !isSingle;
    const scale = single ? 1 : Math.max(1, lines / SMALL_HEIGHT);
    limitVideo(small, { bitrate: single ? SINGLE_BITRATE : SMALL_BITRATE, lines, scale }, limits);
  }
}
