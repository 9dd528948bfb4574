"""The private names of aiortc that `media/dtls.py` relies on, and the carrier between them."""

import pytest
from aiortc import RTCCertificate

from media.dtls import Carrier, Handshake


async def test_the_private_names_of_aiortc_are_there() -> None:
    handshake = Handshake(RTCCertificate.generateCertificate(), lambda data: None)
    transport = handshake._transport
    transport._set_role("server")
    assert transport._role == "server"
    assert transport._ssl is None
    assert transport.transport is handshake.carrier


async def test_a_carrier_keeps_few_records_and_ends() -> None:
    carrier = Carrier(lambda data: None)
    for number in range(100):
        carrier.feed(bytes((22, number)))
    assert await carrier._recv() == b"\x16\x00"
    carrier.close()
    with pytest.raises(ConnectionError):
        while True:
            await carrier._recv()
