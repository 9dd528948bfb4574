/** What one connection may send: decided from its line, obeyed by the connections of a call. */

/**
 * Bit rates are in bits per second, without headers; 0 is no limit of the line's.
 * @typedef {object} Limits
 * @property {boolean} video whether camera and screen are sent at all
 * @property {number} videoBitrate
 * @property {number} height of the camera's picture, in pixels
 * @property {number} frameRate frames per second
 * @property {number} audioBitrate
 */

/** @type {Readonly<Limits>} */
export const UNLIMITED = Object.freeze({
  video: true,
  videoBitrate: 0,
  height: 0,
  frameRate: 0,
  audioBitrate: 0,
});

/** Until something is known of the line: audio alone. */
export const HELD = Object.freeze({ ...UNLIMITED, video: false });

/** Speech of a narrow line (Opus, wideband): with headers it takes 45 kbit/s instead of 60. */
export const NARROW_AUDIO = 20_000;

/** A face that is still a face. Its first picture, the largest, takes half a second on 2G. */
export const SMALL = Object.freeze({ videoBitrate: 50_000, height: 160, frameRate: 8 });

/**
 * @param {import("./video-pause.js").VideoState} state
 * @returns {Limits}
 */
export function limitsFor(state) {
  if (state === "unknown") return HELD;
  if (state === "sent") return UNLIMITED;
  if (state === "paused") return { ...HELD, audioBitrate: NARROW_AUDIO };
  return { video: true, ...SMALL, audioBitrate: NARROW_AUDIO };
}

/**
 * Set how audio is sent: before everything else.
 * @param {RTCRtpEncodingParameters} encoding
 * @param {Limits} limits
 */
export function limitAudio(encoding, { audioBitrate }) {
  encoding.priority = encoding.networkPriority = "high";
  if (audioBitrate) encoding.maxBitrate = audioBitrate;
  else delete encoding.maxBitrate;
}

/**
 * Set how a video is sent.
 * @param {RTCRtpEncodingParameters} encoding
 * @param {object} wanted
 * @param {number} wanted.bitrate at most
 * @param {number} wanted.lines of the track, 0 if unknown
 * @param {number} [wanted.scale] by which its lines are divided anyway
 * @param {Limits} limits
 */
export function limitVideo(encoding, { bitrate, lines, scale = 1 }, limits) {
  const { video, videoBitrate, height, frameRate } = limits;
  encoding.active = video;
  encoding.maxBitrate = videoBitrate ? Math.min(bitrate, videoBitrate) : bitrate;
  encoding.scaleResolutionDownBy = Math.max(scale, height ? lines / height : 1);
  if (frameRate) encoding.maxFramerate = frameRate;
  else delete encoding.maxFramerate;
}
