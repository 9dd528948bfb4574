"""Windows of rate limits, and which addresses share one."""

from datetime import timedelta

import pytest

from signaling.errors import TooManyRequests
from tests.clock import MovableClock
from tests.serving import Server, moment
from web.access.rate_limits import RateLimits
from web.http.client_address import network
from web.keys import LIMITS


async def test_windows_of_people_who_have_gone_are_forgotten() -> None:
    clock = MovableClock(moment("2026-12-07 14:30"))
    limits = RateLimits(clock)
    for number in range(1000):
        await limits.hit("unknown_link", str(number))
    assert len(limits._windows) == 1000
    clock.move(timedelta(hours=1))
    await limits.hit("unknown_link", "somebody else")
    assert len(limits._windows) == 1


async def test_looking_at_a_limit_counts_nothing(server: Server) -> None:
    limits = server.app[LIMITS]
    for _ in range(200):
        await limits.check("unknown_link", "somebody")
    for _ in range(60):
        await limits.hit("unknown_link", "somebody")
    with pytest.raises(TooManyRequests):
        await limits.check("unknown_link", "somebody")


@pytest.mark.parametrize(
    ("address", "shares"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("[2001:db8:1:2::6]:4711", "2001:0db8:0001:0002"),
        ("[2001:db8:1:2::6]", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ('"[2001:db8:1:2::6]:4711"', "2001:0db8:0001:0002"),
        ("203.0.113.9:", "203.0.113.9"),
        ("64:ff9b::203.0.113.9", "203.0.113.9"),
        ("::ffff:0:203.0.113.9", "203.0.113.9"),
        ("not an address", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_a_64_of_ipv6(address: str | None, shares: str) -> None:
    assert network(address) == shares
