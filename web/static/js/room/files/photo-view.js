/** One photo in the viewer, turned without being cropped. */

import { fitted, turnedSize } from "./zoom.js";
import { element } from "./elements.js";

/** @typedef {import("./zoom.js").Size} Size */

export class PhotoView {
  picture = element("img", { alt: "", draggable: "false" });
  sheet = element("div", { class: "photo" }, this.picture);
  turned = 0;
  /** @type {Size} before turning */
  #natural;
  #address;

  /**
   * @param {string} address of the large rendition
   * @param {import("../../signaling/messages.js").Attachment} attachment
   * @param {(loaded: boolean) => void} onLoad
   */
  constructor(address, { width = 0, height = 0 }, onLoad) {
    this.#address = address;
    this.#natural = { width: width || 4, height: height || 3 };
    this.picture.addEventListener("load", () => {
      const { naturalWidth, naturalHeight } = this.picture;
      this.#natural = { width: naturalWidth, height: naturalHeight };
      onLoad(true);
    });
    this.picture.addEventListener("error", () => onLoad(false));
    this.load();
  }

  load() {
    this.picture.removeAttribute("src");
    this.picture.src = this.#address;
  }

  end() {
    this.picture.removeAttribute("src");
  }

  /** @returns {Size} of the picture as it is shown, in its own pixels */
  get size() {
    return turnedSize(this.#natural, this.turned);
  }

  /**
   * Give it the size at which all of it is seen in a frame, times `zoom`.
   * @param {Size} frame
   * @param {number} zoom
   */
  resize(frame, zoom) {
    const shown = fitted(this.size, frame);
    const [width, height] = [shown.width * zoom, shown.height * zoom];
    // The image has its own proportions, and is turned around the middle of its sheet.
    const own = turnedSize({ width, height }, this.turned);
    this.sheet.style.inlineSize = `${width}px`;
    this.sheet.style.blockSize = `${height}px`;
    this.picture.style.inlineSize = `${own.width}px`;
    this.picture.style.blockSize = `${own.height}px`;
    this.picture.style.transform = `translate(-50%, -50%) rotate(${this.turned * 90}deg)`;
  }

  /**
   * A canvas with the photo as it is shown.
   * @returns {{ canvas: HTMLCanvasElement, context: CanvasRenderingContext2D } | null} null where
   *   the browser has no memory for it
   */
  drawn() {
    const { width, height } = this.size;
    const canvas = element("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (!context) return null;
    context.translate(width / 2, height / 2);
    context.rotate((this.turned * Math.PI) / 2);
    context.drawImage(this.picture, -this.#natural.width / 2, -this.#natural.height / 2);
    context.setTransform(1, 0, 0, 1, 0, 0);
    return { canvas, context };
  }
}
