"""The relay detects the addresses it can be reached at, also behind a NAT."""

import ifaddr
import pytest

from media.messages import Event, OfferNeeded
from media.relay import client
from media.relay.client import Relay, RelaySettings
from media.transport.addresses import (
    behind_nat,
    local_addresses,
    local_networks,
    public_addresses,
)
from tests.media.support import until

PRIVATE, PUBLIC = "10.0.0.5", "20.0.0.1"
PRIVATE_6, PUBLIC_6 = "fd00::2", "2600::1"
LOCAL = local_addresses()


def test_a_hidden_machine_is_reached_at_the_address_of_its_name() -> None:
    assert behind_nat((PRIVATE,), (PUBLIC,)) == (PRIVATE, PUBLIC)
    assert behind_nat((PRIVATE, PRIVATE_6), (PUBLIC, PUBLIC_6)) == (
        PRIVATE, PRIVATE_6, PUBLIC, PUBLIC_6,
    )  # fmt: skip


def test_an_address_of_its_own_is_enough_in_each_family() -> None:
    assert behind_nat((PUBLIC,), ("20.0.0.2",)) == (PUBLIC,)
    assert behind_nat((PRIVATE, PUBLIC_6), (PUBLIC, "2600::2")) == (
        PRIVATE, PUBLIC_6, PUBLIC,
    )  # fmt: skip


def test_a_family_that_the_machine_does_not_have_is_not_offered() -> None:
    assert behind_nat((PRIVATE,), (PUBLIC_6,)) == (PRIVATE,)


def test_public_networks_of_several_machines_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [
        ("20.0.0.77", 26), ("20.9.9.9", 32), (PRIVATE, 24), ("127.0.0.1", 8),
        ((PUBLIC_6, 0, 0), 64), ((PRIVATE_6, 0, 0), 64), (("fe80::1", 0, 4), 64),
    ]  # fmt: skip
    ips = [ifaddr.IP(address, prefix, "eth0") for address, prefix in addresses]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [ifaddr.Adapter("eth0", "eth0", ips)])
    assert local_networks() == ("20.0.0.64/26", "2600::/64")


def test_only_public_addresses_of_a_name_count() -> None:
    assert public_addresses("localhost") == ()
    assert public_addresses(PRIVATE) == ()
    assert public_addresses(PUBLIC) == (PUBLIC,)
    assert public_addresses("name.invalid") == ()


@pytest.mark.slow
async def test_a_relay_offers_what_its_name_leads_to() -> None:
    """On a machine with a public address of its own there is nothing to detect."""
    relay = Relay(RelaySettings(name=PUBLIC), lambda event: None)
    await relay.start()
    try:
        assert (PUBLIC in relay.addresses) == (PUBLIC in behind_nat(LOCAL, (PUBLIC,)))
        assert set(LOCAL) <= set(relay.addresses)
    finally:
        await relay.stop()


@pytest.mark.slow
async def test_addresses_that_change_are_offered_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = ["127.0.0.1"]
    monkeypatch.setattr(client, "local_addresses", lambda: tuple(found))
    monkeypatch.setattr(client, "ADDRESS_SECONDS", 0.05)
    events: list[Event] = []
    relay = Relay(RelaySettings(), events.append)
    await relay.start()
    try:
        await relay.open_room("room")
        found.append(PUBLIC)
        await until(lambda: PUBLIC in relay.addresses, "the new address is found")
        await relay.join("room", "late")
        await until(lambda: events, "the late one is offered a connection")
        (offer,) = [event for event in events if isinstance(event, OfferNeeded)]
        assert f" {PUBLIC} {relay.ports[0]} typ host" in offer.sdp
    finally:
        await relay.stop()
