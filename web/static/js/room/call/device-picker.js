/** The choice of microphone, camera and speaker, for devices with more than one. */

import { _, fill } from "../../shared/catalog.js";
import { byId, show } from "../../shared/dom.js";

/** @import { Devices } from "./devices.js" */

export class DevicePicker {
  #frame;
  #selects;

  /**
   * @param {Devices} devices
   * @param {(id: string) => void} setSpeaker
   * @param {"choose" | "preview"} prefix of the ids of the lists: in a call or before it
   */
  constructor(devices, setSpeaker, prefix = "choose") {
    const frame = prefix === "choose" ? "device-choice" : "preview-devices";
    this.#frame = byId(frame, HTMLDetailsElement);
    this.#selects = {
      audioinput: byId(`${prefix}-microphone`, HTMLSelectElement),
      videoinput: byId(`${prefix}-camera`, HTMLSelectElement),
      audiooutput: byId(`${prefix}-speaker`, HTMLSelectElement),
    };
    this.devices = devices;
    const { audioinput, videoinput, audiooutput } = this.#selects;
    audioinput.addEventListener("change", () => void devices.choose("audio", audioinput.value));
    videoinput.addEventListener("change", () => void devices.choose("video", videoinput.value));
    audiooutput.addEventListener("change", () => setSpeaker(audiooutput.value));
    this.#frame.addEventListener("toggle", () => this.#frame.open && void this.#list());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => {
      if (this.#frame.open) void this.#list();
    });
    show(this.#frame, Boolean(navigator.mediaDevices?.enumerateDevices));
  }

  async #list() {
    const found = await navigator.mediaDevices.enumerateDevices();
    const current = {
      audioinput: this.devices.microphone?.getSettings().deviceId ?? "",
      videoinput: this.devices.camera?.getSettings().deviceId ?? "",
      audiooutput: this.#selects.audiooutput.value,
    };
    for (const kind of /** @type {const} */ (["audioinput", "videoinput", "audiooutput"])) {
      const select = this.#selects[kind];
      const devices = found.filter((device) => device.kind === kind && device.deviceId);
      select.replaceChildren(
        ...devices.map(
          (device, index) =>
            new Option(
              device.label || fill(_("Device %(number)s"), { number: index + 1 }),
              device.deviceId,
              false,
              device.deviceId === current[kind],
            ),
        ),
      );
      const possible = kind !== "audiooutput" || "setSinkId" in HTMLMediaElement.prototype;
      show(select.parentElement, possible && devices.length > 0);
    }
  }
}
