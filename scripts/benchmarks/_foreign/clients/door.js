// The driver's door for clients in Node: offers come out of it, answers and counts go in.

const [DOOR, NAME] = process.argv.slice(-3);

const post = (path, body) =>
  fetch(`${DOOR}/${path}/${NAME}`, { method: "POST", body: JSON.stringify(body) });

/**
 * Serves offers until the driver says that it is over.
 * @param {(offer: {sdp: string, fresh: boolean, publish: {mid: string, kind: string}[],
 *   receive: {mid: string, kind: string}[]}) => Promise<string>} answer  makes the answer's SDP
 * @param {() => Promise<Record<string, number>>} received  packets by SSRC, of this connection
 */
export const serve = async (answer, received) => {
  setInterval(async () => post("counts", { received: await received() }).catch(() => {}), 1000);
  for (;;) {
    const response = await fetch(`${DOOR}/offer/${NAME}`);
    if (response.status === 204) continue;
    if (!response.ok) break;
    const offer = await response.json();
    await post("answer", { revision: offer.revision, sdp: await answer(offer) });
  }
  process.exit(0);
};
