/** Whether what somebody sends mediaReceived, by what the browser counts. */

/** @import { MediaState, RelayTrack } from "../../signaling/messages.js" */

/**
 * @param {{ kind: RelayTrack["kind"], receiver: RTCRtpReceiver }[]} receivers
 * @param {MediaState} sent what they say that they send
 * @param {boolean} audioOnly no picture is wanted
 * @returns {Promise<{ sound: boolean, picture: boolean }>} true also for what is not sent
 */
export async function mediaReceived(receivers, sent, audioOnly) {
  let sound = !sent.microphone;
  let picture = audioOnly || !(sent.camera || sent.screen);
  for (const { kind, receiver } of receivers) {
    for (const report of (await receiver.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      if (kind === "audio") sound ||= report.packetsReceived > 0;
      else picture ||= report.framesDecoded > 0;
    }
  }
  return { sound, picture };
}
