/** Whether what a participant sends is received, by the stats of the receivers, and where it is shown. */

/** @import { MediaState, RelayTrack } from "../../signaling/values.js" */

/**
 * @param {{ kind: RelayTrack["kind"], receiver: RTCRtpReceiver }[]} receivers
 * @param {MediaState} sent what they say they send
 * @param {boolean} audioOnly no video is wanted
 * @returns {Promise<{ audio: boolean, video: boolean }>} true also for what is not sent or wanted
 */
export async function mediaReceived(receivers, sent, audioOnly) {
  let audio = !sent.microphone;
  let video = audioOnly || sent.paused || !(sent.camera || sent.screen);
  for (const { kind, receiver } of receivers) {
    for (const report of (await receiver.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      if (kind === "audio") audio ||= report.packetsReceived > 0;
      // Some versions of Safari do not count frames.
      else video ||= (report.framesDecoded ?? report.packetsReceived) > 0;
    }
  }
  return { audio, video };
}

/**
 * Set the tracks of a stream. Its sound goes on without a gap: a new track is added before the old one
 * is removed. With video it is the other way round: of two tracks Firefox shows the first, and goes on
 * showing its last frame when that one is removed.
 * @param {MediaStream} stream
 * @param {{ receiver: { track: MediaStreamTrack } }[]} receivers
 */
export function setTracks(stream, receivers) {
  const tracks = receivers.map(({ receiver }) => receiver.track);
  const before = stream.getTracks();
  const gone = before.filter((track) => !tracks.includes(track));
  for (const track of gone) if (track.kind === "video") stream.removeTrack(track);
  for (const track of tracks) if (!before.includes(track)) stream.addTrack(track);
  for (const track of gone) if (track.kind !== "video") stream.removeTrack(track);
}

/**
 * The receivers of a direct connection without those of video by which nothing arrives: two cameras
 * that go on at the same time get a section each.
 * @template {{ track: { kind: string, muted: boolean } }} Receiver
 * @param {Receiver[]} receivers
 * @param {Receiver | null} [own] that of the section by which this side sends
 * @returns {Receiver[]}
 */
export function withOneVideo(receivers, own) {
  const videos = receivers.filter(({ track }) => track.kind === "video");
  const live = videos.filter(({ track }) => !track.muted);
  const shown = live.find((each) => each !== own) ?? live[0] ?? videos[0];
  return receivers.filter((each) => each === shown || !videos.includes(each));
}
