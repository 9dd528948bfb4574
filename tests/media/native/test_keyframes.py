"""A video in H.264 begins at the same packets in C and in Python."""

import pytest
from pylibsrtp import Policy, Session

from media.rtp.codecs import H264
from tests.media.native.packet_worlds import PROFILE, VIDEO_SSRC, World, key, packet


@pytest.mark.parametrize("native", [True, False])
def test_a_picture_begins_with_its_first_slice_or_with_parameters(native: bool) -> None:
    world = World(native)
    sender = Session(Policy(key(1), Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILE))
    sent = 0

    def give(payload: str) -> None:
        nonlocal sent
        sent += 1
        data = packet(VIDEO_SSRC, H264.payload_type, sent, sent * 3000, bytes.fromhex(payload))
        world.give([sender.protect(data)])

    try:
        (stream,) = (one for one in world.outbound_streams[:2] if one.kind == "video")
        for payload in ("65 41", "7c 85 41", "78 0002 6541", "41 9a", "7c 05"):
            give(payload)
            assert stream.inbound is None, payload
        for payload in ("65 88", "7c 85 88", "78 0002 6541 0002 6588", "67 42"):
            inbound = world.inbound_streams["video"]
            stream.follow(None, world.time)
            stream.follow(inbound, world.time)
            give(payload)
            assert stream.inbound is inbound, payload
        assert not world.forwarder.errors
    finally:
        world.close()
