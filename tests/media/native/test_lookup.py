"""The native loop's table holds what its mapping holds, however that was changed."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from media.native import native
from media.native.lookup import routed_by_ssrc
from media.rtp.codecs import VP8
from media.streams.inbound import InboundStream

CHANGES: list[Callable[[Any, InboundStream], object]] = [
    lambda streams, stream: streams.pop(5),
    lambda streams, stream: streams.popitem(),
    lambda streams, stream: streams.__delitem__(5),
    lambda streams, stream: streams.clear(),
    lambda streams, stream: streams.update({5: InboundStream(5, VP8, "a")}),
    lambda streams, stream: streams.__ior__({5: InboundStream(5, VP8, "a")}),
    lambda streams, stream: streams.__setitem__(5, InboundStream(5, VP8, "a")),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_mapping_lets_go_of_its_table_does_too(
    change: Callable[[Any, InboundStream], object],
) -> None:
    streams, stream = routed_by_ssrc(), InboundStream(5, VP8, "a")
    before = sys.getrefcount(stream)
    streams.update({5: stream})
    assert sys.getrefcount(stream) == before + (2 if native is not None else 1)
    change(streams, stream)
    assert sys.getrefcount(stream) == before
    assert streams.pop(6, None) is None
    assert streams.setdefault(7, stream) is stream
    assert sys.getrefcount(stream) == before + (2 if native is not None else 1)
