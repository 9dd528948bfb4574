"""Datagrams travel in batches, in order, on both families, with and without Linux's calls."""

import pytest

from media.datagrams import SLOT, Destination, Port, PortUnavailable, pack_address, unpack_address


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_travel_in_batches_and_in_order(host: str, plain: bool) -> None:
    one, two = Port(host, 0), Port(host, 0)
    if plain:
        one.use_plain_calls()
        two.use_plain_calls()
    try:
        there = Destination()
        there.move(one, pack_address(host, two.number))
        sent = [bytes((n,)) * (1000 if n % 7 else 300) for n in range(1, 90)]
        for data in sent:
            one.send(data, there)
        one.flush()
        received = []
        while count := two.receive():
            for index in range(count):
                start = index * SLOT
                received.append(bytes(two.incoming[start : start + two.length(index)]))
                assert unpack_address(two.source(index)) == (host, one.number)
        assert received == sent
        assert one.counters.sent == len(sent)
        assert bool(one.counters.segmented) is not plain
    finally:
        one.close()
        two.close()


def test_a_port_in_use_is_named() -> None:
    one = Port("127.0.0.1", 0)
    try:
        with pytest.raises(PortUnavailable, match=str(one.number)):
            Port("127.0.0.1", one.number)
    finally:
        one.close()
