// werift: WebRTC in TypeScript.
import {
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  useAbsSendTime,
  useNACK,
  useOPUS,
  usePLI,
  useREMB,
  useSdesMid,
  useTransportWideCC,
  useTWCC,
  useVP8,
} from "werift";
import { Clip } from "./clip.js";
import { serve } from "./door.js";

const feedback = [useNACK(), usePLI(), useREMB(), useTWCC()];
const rtx = new RTCRtpCodecParameters({
  mimeType: "video/rtx",
  clockRate: 90000,
  payloadType: 97,
  parameters: "apt=96",
});
const configuration = {
  bundlePolicy: "max-bundle",
  iceUseIpv6: false,
  codecs: {
    audio: [useOPUS({ payloadType: 111 })],
    video: [useVP8({ payloadType: 96, rtcpFeedback: feedback }), rtx],
  },
  headerExtensions: {
    audio: [useSdesMid(), useAbsSendTime(), useTransportWideCC()],
    video: [useSdesMid(), useAbsSendTime(), useTransportWideCC()],
  },
};

let connection;
const clips = [];
let received = {};

const open = async () => {
  clips.splice(0).forEach((clip) => clip.stop());
  await connection?.close();
  const mine = (received = {});
  connection = new RTCPeerConnection(configuration);
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe(({ header }) => {
      mine[header.ssrc] = (mine[header.ssrc] ?? 0) + 1;
    });
  });
};

const publish = async ({ mid, kind }) => {
  const transceiver = connection.getTransceivers().find((one) => one.mid === mid);
  if (transceiver.sender.track) return;
  const track = new MediaStreamTrack({ kind });
  transceiver.setDirection("sendonly");
  await transceiver.sender.replaceTrack(track);
  const { ssrc } = transceiver.sender;
  const clip = new Clip(kind, ssrc, kind === "audio" ? 111 : 96, (packet) => {
    track.writeRtp(packet);
  });
  transceiver.sender.onPictureLossIndication.subscribe(() => clip.rewind());
  clips.push(clip);
};

await serve(
  async (offer) => {
    if (offer.fresh) await open();
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const one of offer.publish) await publish(one);
    await connection.setLocalDescription(await connection.createAnswer());
    return connection.localDescription.sdp;
  },
  async () => received,
);
