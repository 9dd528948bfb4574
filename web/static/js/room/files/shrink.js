/**
 * Making a photo smaller before it is sent over a slow line, where that takes nothing from it that
 * matters: browsers draw in 8 bits and sRGB, so everything else is left to the server.
 */

import { bytesOf } from "./tus.js";

/** Pixels; larger photos are made as large as this. */
export const ENOUGH = 3_000_000;
/** Of JPEG: the edges of letters and of wounds stay clean. */
const QUALITY = 0.9;
/** Bytes per second, with which a photo of a usual phone takes a quarter of a minute. */
const SLOW = 250_000;
/** Milliseconds of a round trip. */
const FAR = 600;
/** In the head of a JPEG: its frame header, and XMP, are before the picture. */
const HEAD = 262_144;

/**
 * Whether photos are made smaller on this line.
 * @param {number} bytesPerSecond as measured; 0 if unknown
 * @param {number} roundTrip milliseconds; 0 if unknown
 * @param {{ effectiveType?: string, saveData?: boolean }} [connection] what the browser knows
 */
export function isSlow(bytesPerSecond, roundTrip, { effectiveType = "", saveData = false } = {}) {
  if (bytesPerSecond) return bytesPerSecond < SLOW;
  return saveData || roundTrip > FAR || /2g|3g/.test(effectiveType);
}

/**
 * Whether a browser draws the same picture that the server would make of this file.
 * @param {Uint8Array} head its first bytes
 */
export function isDrawnTruly(head) {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head[0] === 0x89 && head[1] === 0x50) {
    // A PNG of 16 bits: the range of an X-ray is rarely that of the screen.
    return head.length > 24 && head[24] <= 8;
  }
  if (head[0] !== 0xff || head[1] !== 0xd8) return false;
  for (let at = 2; at + 9 < head.length; at += 2 + view.getUint16(at + 2)) {
    const [start, marker] = [head[at], head[at + 1]];
    if (start !== 0xff) return false;
    // EXIF turns a picture in every browser, XMP in none
    if (marker === 0xe1 && isTurnedByXmp(head.subarray(at, at + 2 + view.getUint16(at + 2)))) {
      return false;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    // 8 bits; not four colors of ink, which Firefox draws without their profile
    if (isFrame) return head[at + 4] === 8 && head[at + 9] !== 4;
  }
  return false;
}

/** @param {Uint8Array} segment */
function isTurnedByXmp(segment) {
  const text = Array.from(segment, (byte) => String.fromCharCode(byte)).join("");
  return /tiff:Orientation(="|>)[2-8]/.test(text);
}

/**
 * Width and height with the same shape and at most so many pixels; never larger.
 * @param {number} width
 * @param {number} height
 */
export function within(width, height, pixels = ENOUGH) {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
  return [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))];
}

/**
 * A smaller JPEG of a photo.
 * @param {Blob} file
 * @returns {Promise<Blob | null>} null: the original is to be sent
 */
export async function shrunk(file) {
  try {
    if (!isDrawnTruly(new Uint8Array(await bytesOf(file.slice(0, HEAD))))) return null;
    if (!turnsByItself() || !canvasIsTrue()) return null;
    const picture = await decoded(file);
    const { naturalWidth: width, naturalHeight: height } = picture;
    if (width * height <= ENOUGH) return null;
    const [smallWidth, smallHeight] = within(width, height);
    const canvas = document.createElement("canvas");
    canvas.width = smallWidth;
    canvas.height = smallHeight;
    const context = canvas.getContext("2d");
    if (!context) return null;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, smallWidth, smallHeight);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, smallWidth, smallHeight);
    /** @type {Blob | null} */
    const made = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    // Safari keeps the memory of a canvas for long
    canvas.width = canvas.height = 0;
    return made && made.type === "image/jpeg" && made.size < file.size ? made : null;
  } catch (error) {
    console.warn("a photo could not be made smaller", error);
    return null;
  }
}

/**
 * A picture that has been loaded.
 * @param {Blob} file
 * @returns {Promise<HTMLImageElement>}
 */
function decoded(file) {
  const address = URL.createObjectURL(file);
  const picture = new Image();
  return new Promise((resolve, reject) => {
    picture.onload = () => resolve(picture);
    picture.onerror = () => reject(new Error("not drawn by this browser"));
    picture.src = address;
  });
}

/** Whether pictures are drawn upright: older browsers draw them as the sensor saw them. */
function turnsByItself() {
  return CSS.supports("image-orientation", "from-image");
}

/** Whether a canvas holds what was drawn: some browsers falsify it against tracking. */
function canvasIsTrue() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 16;
  const context = canvas.getContext("2d");
  if (!context) return false;
  const drawn = context.createImageData(16, 16);
  drawn.data.forEach((_value, at) => (drawn.data[at] = at % 4 === 3 ? 255 : (at * 7) % 256));
  context.putImageData(drawn, 0, 0);
  const found = context.getImageData(0, 0, 16, 16).data;
  return drawn.data.every((value, at) => found[at] === value);
}
