#!/usr/bin/env bash
# An answerer has to use one transport for all m= sections of a BUNDLE group that it accepts (RFC 9143
# section 7.3.2). aiortc by default ("balanced") makes a transport for each kind, moves the first
# section of a kind to the group's, and leaves the others of a first offer at the abandoned one: the
# second video of that offer never arrives, without an error. Seen in 1.16.0. The way out: the policy
# "max-bundle" at the answerer, or offering further sections of a kind in a later offer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check aiortc==1.16.0
"$folder/bin/python" - <<'END_OF_PROGRAM'
import asyncio

import aiortc
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcconfiguration import RTCBundlePolicy


async def answered(policy):
    """Whether each section of an answer is at the transport of the first."""
    offerer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    answerer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=policy))
    for kind in ("audio", "video", "video"):
        offerer.addTransceiver(kind, "sendonly")
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(offerer.localDescription)
    await answerer.setLocalDescription(await answerer.createAnswer())
    bundle = next(line for line in answerer.localDescription.sdp.splitlines() if "BUNDLE" in line)
    transports = [one.receiver.transport for one in answerer.getTransceivers()]
    await answerer.close()
    await offerer.close()
    return bundle, [one is transports[0] for one in transports]


print("aiortc", aiortc.__version__)
seen = {}
for policy in (RTCBundlePolicy.BALANCED, RTCBundlePolicy.MAX_BUNDLE):
    seen[policy] = asyncio.run(answered(policy))
    print(policy.value, *seen[policy])
assert seen == {
    RTCBundlePolicy.BALANCED: ("a=group:BUNDLE 0 1 2", [True, True, False]),
    RTCBundlePolicy.MAX_BUNDLE: ("a=group:BUNDLE 0 1 2", [True, True, True]),
}, seen
END_OF_PROGRAM
