/** Whether the camera gives video that is not just black. */

import { _ } from "../shared/catalog.js";
import { deviceProblem } from "./problems.js";
import { pause } from "./runner.js";

/** Mean brightness (0 to 255): a covered lens stays under 5, a dark room above 10. */
const BLACK = 8;
/** Cameras need a moment for their exposure; some show black frames for two seconds. */
const POLLS = 12;
const POLL_INTERVAL = 300;

/** @type {import("./runner.js").Test} */
export async function testCamera(report) {
  report.say(_("Allow the camera when the browser asks."));
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 640 }, height: { ideal: 360 }, facingMode: "user" },
    });
  } catch (error) {
    return report.failed(deviceProblem(error, "video"));
  }
  try {
    // Skipped while the prompt was open: its late answer opens nothing.
    if (report.signal.aborted) return;
    const video = report.place("camera-area");
    if (!(video instanceof HTMLVideoElement)) throw new Error("no video");
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    report.say(_("Looking at the picture…"));
    for (let poll = 0; poll < POLLS && !report.signal.aborted; poll += 1) {
      await pause(POLL_INTERVAL, report.signal);
      if (brightness(video) > BLACK) return report.passed(_("Your camera works."));
    }
    return report.warning(
      _("The camera is on, but its picture is black. Is its cover closed, or the room dark?"),
    );
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** @param {HTMLVideoElement} video */
function brightness(video) {
  const canvas = document.createElement("canvas");
  canvas.width = 32;
  canvas.height = 18;
  const context = canvas.getContext("2d");
  if (!context || !video.videoWidth) return 0;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let index = 0; index < data.length; index += 4) {
    sum += (Number(data[index]) + Number(data[index + 1]) + Number(data[index + 2])) / 3;
  }
  return sum / (canvas.width * canvas.height);
}
