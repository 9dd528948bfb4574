// node-datachannel: libdatachannel for Node. It sends and receives RTP packets as they are.
import nodeDataChannel from "node-datachannel";
import { Clip } from "./clip.js";
import { serve } from "./door.js";

const { Audio, PeerConnection, RtcpNackResponder, RtcpReceivingSession, RtcpSrReporter } =
  nodeDataChannel;
const { RtpPacketizationConfig, Video } = nodeDataChannel;

const PAYLOAD_TYPES = { audio: 111, video: 96 };
let connection;
const clips = [];
let tracks = new Map();
let received = {};

const count = (mine) => (message) => {
  // RTCP comes the same way (RFC 5761 section 4)
  if (message.length < 12 || (message[1] >= 192 && message[1] <= 223)) return;
  const ssrc = message.readUInt32BE(8);
  mine[ssrc] = (mine[ssrc] ?? 0) + 1;
};

const listen = (track, mine) => {
  track.setMediaHandler(new RtcpReceivingSession());
  track.onMessage(count(mine));
  tracks.set(track.mid(), track);
};

const open = () => {
  clips.splice(0).forEach((clip) => clip.stop());
  connection?.close();
  const mine = (received = {});
  tracks = new Map();
  connection = new PeerConnection("client", { iceServers: [], disableAutoNegotiation: true });
  connection.onTrack((track) => listen(track, mine));
};

const publish = ({ mid, kind }) => {
  if (tracks.has(mid)) return;
  const ssrc = 1 + Math.floor(Math.random() * 2 ** 31);
  const payloadType = PAYLOAD_TYPES[kind];
  const media = kind === "audio" ? new Audio(mid, "SendOnly") : new Video(mid, "SendOnly");
  if (kind === "audio") media.addOpusCodec(payloadType);
  else media.addVP8Codec(payloadType);
  media.addSSRC(ssrc, "libdatachannel", "stream", kind);
  const track = connection.addTrack(media);
  tracks.set(mid, track);
  const rate = kind === "audio" ? 48000 : 90000;
  const reporter = new RtcpSrReporter(
    new RtpPacketizationConfig(ssrc, "libdatachannel", payloadType, rate),
  );
  reporter.addToChain(new RtcpNackResponder());
  track.setMediaHandler(reporter);
  clips.push(
    new Clip(kind, ssrc, payloadType, (packet) => {
      if (track.isOpen()) track.sendMessageBinary(packet);
    }),
  );
};

/** The answer with the candidates in it. */
const described = () =>
  new Promise((resolve) => {
    connection.onLocalDescription((sdp) => resolve(sdp));
    connection.setLocalDescription("answer");
  });

await serve(
  async (offer) => {
    if (offer.fresh) open();
    offer.publish.forEach(publish);
    connection.setRemoteDescription(offer.sdp, "offer");
    return described();
  },
  async () => received,
);
