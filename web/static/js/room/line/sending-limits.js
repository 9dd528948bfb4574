/**
 * What one connection may send: decided from its line and by who saves data, obeyed by the
 * connections of a call.
 */

import { THRIFTY_BITRATE } from "./thrifty-audio.js";

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

/** A face that is still a face. Its first picture, the largest, takes half a second on 2G. */
const SMALL = Object.freeze({ videoBitrate: 50_000, height: 160, frameRate: 8 });

/** For somebody who saves data, at either end. @type {Readonly<Limits>} */
const SAVING = Object.freeze({ video: true, ...SMALL, audioBitrate: THRIFTY_BITRATE });

/**
 * @param {import("./video-pause.js").VideoState} state
 * @returns {Limits}
 */
export function limitsFor(state) {
  if (state === "unknown") return HELD;
  if (state === "sent") return UNLIMITED;
  return state === "paused" ? { ...SAVING, video: false } : SAVING;
}

/**
 * @param {Limits} limits of the line
 * @param {boolean} saves whether somebody at either end saves data
 * @returns {Limits}
 */
export function together(limits, saves) {
  return saves ? { ...SAVING, video: limits.video } : limits;
}

/**
 * @param {Limits} one
 * @param {Limits} other
 */
export function sameLimits(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Whether an engine leaves out what is not `active`. Firefox before 110, which has no transactions of
 * parameters, sends it all the same: there a sender is to have no track.
 * @param {RTCRtpSendParameters} parameters that the engine gave
 */
export function heedsActive({ transactionId }) {
  return transactionId !== undefined;
}

/**
 * The encodings of parameters, to be changed. Before 110 Firefox has none until some were set.
 * @param {RTCRtpSendParameters} parameters that the engine gave
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodingsOf(parameters) {
  if (!parameters.encodings?.length && !heedsActive(parameters)) parameters.encodings = [{}];
  return parameters.encodings ?? [];
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
