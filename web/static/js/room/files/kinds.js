/** What may be sent as a photo or PDF, by what the browser says about a file; pure functions. */

import { _, decimalSign, fill } from "../../shared/catalog.js";

const MEGABYTE = 1_048_576;
const PHOTO_ENDINGS = /\.(jpe?g|jfif|png|webp|gif|hei[cf]|hif|avif)$/i;
const PHOTO_TYPES = /^image\/(jpeg|pjpeg|jpg|png|webp|gif|hei[cf](-sequence)?|avif)$/;
/** No browser but Safari draws these, and what is drawn nowhere needs no attempt. */
const NOT_DRAWN = /\.(hei[cf]|hif|pdf)$/i;

/**
 * Whether it may be a photo or a PDF. The server looks at what is in it; this only spares sending what
 * cannot be one. Some phones give files neither a type nor an ending: then the server decides.
 * @param {{ name: string, type: string }} file
 */
export function mayBeSent({ name, type }) {
  if (isPdf({ name, type }) || PHOTO_TYPES.test(type) || PHOTO_ENDINGS.test(name)) return true;
  return type === "" && !/\.[a-z0-9]{1,5}$/i.test(name);
}

/** @param {{ name: string, type: string }} file */
export function isPdf({ name, type }) {
  return type === "application/pdf" || /\.pdf$/i.test(name);
}

/** @param {{ name: string, type: string }} file */
export function mayBeDrawn({ name, type }) {
  return !NOT_DRAWN.test(name) && !/pdf|hei[cf]/.test(type);
}

/**
 * Those that are folders: such a file cannot be read.
 * @template T
 * @param {readonly T[]} files that were dropped
 * @param {readonly ({ isDirectory: boolean } | null)[]} entries the same, as entries; null for text
 */
export function foldersIn(files, entries) {
  const known = entries.filter((entry) => entry !== null);
  return new Set(files.filter((_file, n) => known[n]?.isDirectory));
}

/**
 * Which of these files may be sent, and a sentence for each reason why others may not.
 * @template {{ name: string, type: string, size: number }} T
 * @param {readonly T[]} files
 * @param {{ megabytes: number, atOnce: number }} limits
 * @param {number} waiting files that are chosen or sent already
 * @param {ReadonlySet<T>} [folders] those of them that are folders
 * @returns {{ taken: T[], reasons: string[] }}
 */
export function accepted(files, { megabytes, atOnce }, waiting, folders = new Set()) {
  /** @type {Set<string>} */
  const reasons = new Set();
  const taken = files.filter((file) => {
    const { name } = file;
    if (folders.has(file)) {
      reasons.add(
        fill(_("%(name)s is a folder. Please choose the files that are in it."), { name }),
      );
    } else if (!mayBeSent(file)) {
      reasons.add(fill(_("%(name)s is neither a photo nor a PDF."), { name }));
    } else if (file.size === 0) {
      reasons.add(fill(_("%(name)s is empty. Please choose it again."), { name }));
    } else if (file.size > megabytes * MEGABYTE) {
      const limit = String(megabytes).replace(".", decimalSign());
      reasons.add(
        fill(_("%(name)s is larger than %(megabytes)s MB. Please choose a smaller one."), {
          name,
          megabytes: limit,
        }),
      );
    } else return true;
    return false;
  });
  const room = Math.max(0, atOnce - waiting);
  if (taken.length > room) {
    reasons.add(
      fill(_("No more than %(number)s files can be sent at once. Please send the others later."), {
        number: atOnce,
      }),
    );
  }
  return { taken: taken.slice(0, room), reasons: [...reasons] };
}

/**
 * @param {number} bytes
 * @returns {string} for readers, as "3.4 MB"
 */
export function sizeOf(bytes) {
  const kilobytes = bytes / 1024;
  if (kilobytes < 1000) {
    return fill(_("%(size)s kB"), { size: Math.max(1, Math.round(kilobytes)) });
  }
  const size = (bytes / MEGABYTE).toFixed(1).replace(".", decimalSign());
  return fill(_("%(size)s MB"), { size });
}
