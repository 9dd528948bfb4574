"""Datagrams travel in batches, in order, on both families, with and without Linux's calls."""

import socket

import pytest

from media.transport.port import (
    SLOT,
    Destination,
    Port,
    PortUnavailable,
    pack_address,
    unpack_address,
)

UDP_SEGMENT = 103


def has_address(host: str) -> bool:
    """Containers often have no IPv6."""
    try:
        socket.create_server((host, 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


HOSTS = ["127.0.0.1", *(host for host in ["::1"] if has_address(host))]
REMARK = "" if "::1" in HOSTS else "This machine has no IPv6, so datagrams travel by IPv4 only."


def kernel_cuts(host: str) -> bool:
    """Whether the kernel splits one send into several datagrams, tried by its plain interface."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as one,
        socket.socket(family, socket.SOCK_DGRAM) as two,
    ):
        two.bind((host, 0))
        try:
            one.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 4)
            one.sendto(b"onetwo", two.getsockname())
        except OSError:
            return False
        return two.recv(100) == b"onet"


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("host", HOSTS)
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
        assert bool(one.counters.segmented) is (not plain and kernel_cuts(host))
    finally:
        one.close()
        two.close()


@pytest.mark.parametrize("native", [True, False])
def test_who_refuses_segments_gets_single_datagrams_and_others_go_on(native: bool) -> None:
    one, refusing, other = (Port("127.0.0.1", 0) for _ in range(3))
    if not native:
        one.use_batched_calls()
    try:
        there, elsewhere = Destination(), Destination()
        there.move(one, pack_address("127.0.0.1", refusing.number))
        elsewhere.move(one, pack_address("127.0.0.1", other.number))

        def send(destination: Destination, size: int, count: int) -> int:
            """How many of them left in segmented sends."""
            before = one.counters.segmented
            for _ in range(count):
                one.send(bytes(size), destination)
            one.flush()
            return one.counters.segmented - before

        # Together more than a datagram may have: the kernel refuses that, as it does what is
        # larger than the link takes.
        assert send(there, SLOT, 32) == 0
        assert one.counters.sent == 32 and not one.counters.refused
        assert send(elsewhere, 1000, 8) == (8 if kernel_cuts("127.0.0.1") else 0)
        assert send(there, 1000, 8) == 0
        assert one.counters.sent == 48
    finally:
        for port in (one, refusing, other):
            port.close()


def test_a_port_in_use_is_named() -> None:
    one = Port("127.0.0.1", 0)
    try:
        with pytest.raises(PortUnavailable, match=str(one.number)):
            Port("127.0.0.1", one.number)
    finally:
        one.close()
