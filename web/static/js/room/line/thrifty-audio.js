/**
 * Speech in few packets, asked for in a description: what the other end is told, it sends; what this
 * end reads in the other's, it sends itself (RFC 7587, RFC 8866 section 6.4).
 */

/** Bits per second of Opus in wideband. */
export const THRIFTY_BITRATE = 20_000;
/** Milliseconds in a packet: of 45 kbit/s at 20 ms, headers are more than half. */
const PACKET_TIME = 60;
/** Nothing is sent where nobody speaks. */
const PARAMETERS = { maxaveragebitrate: String(THRIFTY_BITRATE), usedtx: "1" };

/**
 * @param {string} sdp
 * @returns {string}
 */
export function withThriftyAudio(sdp) {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (section.startsWith("m=audio") ? thrifty(section) : section))
    .join("");
}

/** @param {string} section of audio */
function thrifty(section) {
  const opus = /^a=rtpmap:(\d+) opus\/48000/m.exec(section)?.[1];
  if (!opus) return section;
  const given = new RegExp(`^a=fmtp:${opus} (.*)\r\n`, "m");
  const parameters = new Map(
    (given.exec(section)?.[1] ?? "").split(";").map((each) => {
      const [name = "", value = ""] = each.trim().split("=");
      return [name, value];
    }),
  );
  parameters.delete("");
  for (const [name, value] of Object.entries(PARAMETERS)) parameters.set(name, value);
  const written = [...parameters].map(([name, value]) => `${name}=${value}`).join(";");
  return section
    .replace(given, "")
    .replace(/^a=(?:max)?ptime:.*\r\n/gm, "")
    .replace(
      /^(a=rtpmap:\d+ opus\/48000.*\r\n)/m,
      `$1a=fmtp:${opus} ${written}\r\na=ptime:${PACKET_TIME}\r\n`,
    );
}
