"""What pages say that a call costs is what the scripts send."""

import re
from pathlib import Path

import pytest

from tests.people import Person
from tests.serving import Server
from web.keys import RUNTIME_SETTINGS, STORE
from web.settings.runtime_settings import MEDIA_POLICY
from web.texts.call_costs import (
    SMALL_BITRATE,
    TEST_BYTES,
    VIDEO_BITRATE,
    call_costs,
    megabytes,
)

SCRIPTS = Path(__file__).parents[3] / "web/static/js"


def number(script: str, pattern: str) -> int:
    found = re.search(pattern + r"([\d_* ]+);", (SCRIPTS / script).read_text())
    assert found is not None, f"{script} has no {pattern}"
    product = 1
    for factor in found[1].split("*"):
        product *= int(factor)
    return product


def test_the_bit_rates_are_those_of_the_scripts() -> None:
    assert number("room/call/peer.js", r"VIDEO_BITRATE = ") == VIDEO_BITRATE
    assert number("room/line/encodings.js", r"LARGE_BITRATE = ") == VIDEO_BITRATE
    assert number("room/line/encodings.js", r"SMALL_BITRATE = ") == SMALL_BITRATE


def test_the_device_test_transfers_as_much_as_it_says() -> None:
    size, most = (number("device-test/speed.js", f"{name}_BYTES = ") for name in ("FIRST", "MOST"))
    total = 0
    while size <= most:
        total, size = total + size, size * 4
    assert 2 * total == TEST_BYTES


def test_all_calls_by_the_relay_cost_what_its_second_encoding_adds() -> None:
    direct, relayed = call_costs(relayed=False), call_costs(relayed=True)
    assert direct.audio == relayed.audio
    assert 1.05 < relayed.video / direct.video < 1.1


@pytest.mark.parametrize(
    ("size", "language", "text"),
    [
        (15_210_000, "en", "15 MB"),
        (765_000, "en", "0.8 MB"),
        (765_000, "fr", "0,8\u202fMo"),
        (765_000, "ar", "0.8 م.ب"),
        (1_310_720, "uk", "1,3 МБ"),
    ],
)
def test_millions_of_bytes_read_as_in_the_language(size: int, language: str, text: str) -> None:
    assert megabytes(size, language) == text


async def test_the_invitation_says_what_a_call_costs_by_the_policy_in_force(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as amina:
        direct = (await amina.get(link)).text
        assert "\u206815 MB\u2069 of data a minute with video" in direct
        assert "\u20680.9 MB\u2069 with audio only" in direct
        await server.app[STORE].write(lambda records: records.settings.put(MEDIA_POLICY, "relay"))
        await server.app[RUNTIME_SETTINGS].load(server.app[STORE])
        assert "\u206817 MB\u2069 of data a minute with video" in (await amina.get(link)).text
