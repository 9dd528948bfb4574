/**
 * SHA-256 (FIPS 180-4) of the bytes of a file. Browsers do it themselves in a secure context alone; a
 * clinic may try this on a plain local address.
 */

/** Bytes that are hashed before the page may do something else. */
const SLICE = 1 << 20;
/** Fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS = new Uint32Array(64);
/** Of the square roots of the first eight. */
const INITIAL = new Uint32Array(8);

for (let candidate = 2, count = 0; count < 64; candidate += 1) {
  if (!isPrime(candidate)) continue;
  if (count < 8) INITIAL[count] = Math.floor((Math.sqrt(candidate) % 1) * 2 ** 32);
  CONSTANTS[count] = Math.floor((Math.cbrt(candidate) % 1) * 2 ** 32);
  count += 1;
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<string>} hexadecimal
 */
export async function sha256(bytes) {
  const { subtle } = /** @type {{ subtle?: SubtleCrypto }} */ (globalThis.crypto ?? {});
  if (subtle) return hexadecimal(new Uint8Array(await subtle.digest("SHA-256", bytes)));
  return ownSha256(bytes);
}

/**
 * The same without the browser's help.
 * @param {Uint8Array} bytes
 */
export async function ownSha256(bytes) {
  const state = INITIAL.slice();
  const whole = bytes.length - (bytes.length % 64);
  for (let start = 0; start < whole; start += SLICE) {
    compress(state, bytes.subarray(start, Math.min(whole, start + SLICE)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  const rest = bytes.length - whole;
  const end = new Uint8Array(rest < 56 ? 64 : 128);
  end.set(bytes.subarray(whole));
  end[rest] = 0x80;
  const length = new DataView(end.buffer, end.length - 8);
  length.setUint32(0, Math.floor(bytes.length / 2 ** 29));
  length.setUint32(4, bytes.length << 3);
  compress(state, end);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setUint32(4 * index, word));
  return hexadecimal(new Uint8Array(digest.buffer));
}

/**
 * @param {Uint32Array} state
 * @param {Uint8Array} blocks of 64 bytes each
 */
function compress(state, blocks) {
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  const words = new Uint32Array(64);
  for (let start = 0; start < blocks.length; start += 64) {
    for (let n = 0; n < 16; n += 1) words[n] = view.getUint32(start + 4 * n);
    for (let n = 16; n < 64; n += 1) {
      const [early, late] = [words[n - 15], words[n - 2]];
      const one = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const two = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      words[n] = words[n - 16] + one + words[n - 7] + two;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let n = 0; n < 64; n += 1) {
      const choice = (e & f) ^ (~e & g);
      const big = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const one = (h + big + choice + CONSTANTS[n] + words[n]) | 0;
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] += word));
  }
}

/**
 * @param {number} word
 * @param {number} bits to the right
 */
function turned(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

/** @param {number} number */
function isPrime(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) {
    if (number % divisor === 0) return false;
  }
  return true;
}

/** @param {Uint8Array} bytes */
function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
