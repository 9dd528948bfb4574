"""What the relay writes in RTCP is as long as it says."""

import pytest
from aiortc.rtp import RtcpPacket

from media.rtp.rtcp import source_description


@pytest.mark.parametrize("length", range(1, 9))
def test_a_description_ends_with_the_word_that_its_last_item_ends_in(length: int) -> None:
    name = "abcdefgh"[:length]
    description = source_description(7, name, "3")
    items = 4 + 2 + length + 2 + 1
    assert len(description) == 4 + items + 4 - items % 4
    ((read,),) = (packet.chunks for packet in RtcpPacket.parse(description))
    assert (read.ssrc, read.items) == (7, [(1, name.encode()), (15, b"3")])
