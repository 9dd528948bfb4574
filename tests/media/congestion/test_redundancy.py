"""Sound is sent twice while it gets lost, and once when it has not for a while."""

from media.congestion.redundancy import CALM_SECONDS, LOSSY_SECONDS, Redundancy
from media.rtp.codecs import OPUS, RED, Kind
from tests.media.support import TestExchange, until


def test_copies_are_wanted_while_sound_gets_lost() -> None:
    redundancy = Redundancy()
    losses = [0.1, 0.1, 0.0] + [0.1] * LOSSY_SECONDS
    assert [redundancy.note(loss) for loss in losses] == [False] * (len(losses) - 1) + [True]
    assert redundancy.wanted
    losses = [0.0] * 5 + [0.02] + [0.0] * CALM_SECONDS
    assert [redundancy.note(loss) for loss in losses] == [False] * (len(losses) - 1) + [True]
    assert not redundancy.wanted


async def test_a_publisher_is_offered_what_it_is_to_send_first() -> None:
    """A browser sends the codec that stands first in an offer."""
    async with TestExchange() as sfu:
        sfu.join("near", Kind.AUDIO)
        room = sfu.rooms["room"]
        peer = room.peers["near"]
        await until(lambda: peer.connected, "it is connected")
        room.set_redundancy(peer, True)
        (line,) = peer.negotiation.publishing.values()
        assert line.codecs == (RED, OPUS)
        version = peer.negotiation.version
        await until(lambda: peer.negotiation.version > version, "an offer says so")
        await until(lambda: not peer.negotiation.awaiting, "it is answered")
        room.set_redundancy(peer, False)
        assert line.codecs == (OPUS, RED)
