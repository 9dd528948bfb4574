"""A few slots for many: known people first, and no network before another."""

import asyncio
from datetime import timedelta

import pytest

from signaling.errors import TooManyRequests
from web.access.fair_queue import FairQueue


def fair_queue(**changed: int) -> FairQueue:
    rooms = {"at_once": 1, "strangers": 20, "of_one_network": 10, **changed}
    return FairQueue(**rooms, come_back=timedelta(seconds=10))


class Queue:
    """People who take one slot each, and the order in which they are served."""

    def __init__(self, gate: FairQueue) -> None:
        self.gate = gate
        self.served: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, name: str, place: str | None) -> None:
        self.tasks.append(asyncio.create_task(self._take(name, place)))
        await asyncio.sleep(0)  # now they are queued

    async def _take(self, name: str, place: str | None) -> None:
        async with self.gate.slot(place):
            self.served.append(name)

    async def end(self) -> list[str]:
        await asyncio.gather(*self.tasks)
        return self.served


async def test_known_browsers_are_served_before_all_strangers() -> None:
    queue = Queue(fair_queue())
    async with queue.gate.slot():
        for number in range(15):
            await queue.come(f"stranger {number}", f"network {number}")
        await queue.come("owner", None)
    assert (await queue.end())[0] == "owner"


async def test_a_network_that_sends_many_lets_another_one_in_between() -> None:
    queue = Queue(fair_queue())
    async with queue.gate.slot():
        for number in range(10):
            await queue.come(f"flood {number}", "flood")
        await queue.come("honest", "honest")
    assert (await queue.end()).index("honest") == 1


async def test_strangers_beyond_what_can_be_served_are_sent_away_and_known_browsers_never() -> None:
    queue = Queue(fair_queue(strangers=3, of_one_network=2))
    async with queue.gate.slot():
        await queue.come("a1", "a")
        await queue.come("a2", "a")
        with pytest.raises(TooManyRequests) as sent_away:
            await queue._take("a3", "a")
        assert sent_away.value.seconds == 10
        await queue.come("b1", "b")
        with pytest.raises(TooManyRequests):
            await queue._take("c1", "c")
        await queue.come("owner", None)
    assert await queue.end() == ["owner", "a1", "b1", "a2"]


async def test_whoever_leaves_the_line_holds_up_nobody() -> None:
    queue = Queue(fair_queue())
    async with queue.gate.slot():
        await queue.come("gone", "a")
        await queue.come("there", "b")
        queue.tasks.pop(0).cancel()
    assert await queue.end() == ["there"]
    async with asyncio.timeout(60), queue.gate.slot():
        pass
