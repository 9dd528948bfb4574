"""Calls go over to the relay and back in real browsers, and nobody misses a word."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.conftest import NewContext
from tests.browser.gathering import Gathering, others_on
from tests.browser.probes import connect_control, longest_silence, sound_arrives
from tests.serving import Server, serving

LONGEST_SILENCE = 5.0
"""Seconds without sound that a change of the way may cost, on a machine that is busy with all else
besides. A way that has to be called for again costs more."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, relay=True) as running:
        await running.account()
        yield running


async def test_two_become_three_become_two_and_nobody_misses_a_word(
    server: Server, new_context: NewContext
) -> None:
    scene = Gathering(server, new_context)
    await scene.invite("lee")
    await scene.pair()
    await scene.goes_by("mesh", "desk", "phone")
    desk, phone = scene.pages["desk"], scene.pages["phone"]
    (nurse,), (amina,) = await others_on(phone), await others_on(desk)
    await connect_control(desk, phone)
    await scene.arrive("lee")
    await scene.join("lee")
    await scene.goes_by("forwarded", "desk", "phone", "lee")
    await scene.everybody_sees("desk", "phone", "lee")
    for name in ("desk", "phone", "lee"):
        assert await sound_arrives(scene.pages[name])

    await scene.hang_up("lee")
    await scene.goes_by("mesh", "desk", "phone")
    await scene.everybody_sees("desk", "phone")
    for page, other in ((desk, amina), (phone, nurse)):
        assert await sound_arrives(page)
        assert await longest_silence(page, other) <= LONGEST_SILENCE
