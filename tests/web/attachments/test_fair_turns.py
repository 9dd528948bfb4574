"""Turns of the process that examines files: one at a time, and nobody behind all of somebody's."""

import asyncio

from web.attachments.fair_turns import FairTurns


class Line:
    """People who want a turn, and the order in which they had it."""

    def __init__(self) -> None:
        self.turns = FairTurns()
        self.had: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> list[asyncio.Task[None]]:
        """Each name begins with the letter of its session."""
        came = [asyncio.create_task(self._take(name)) for name in names]
        await asyncio.sleep(0)
        return came

    async def _take(self, name: str) -> None:
        self.ends[name] = asyncio.Event()
        async with self.turns.turn(name[0]):
            self.had.append(name)
            await self.ends[name].wait()

    async def end(self) -> None:
        """The present turn is over."""
        self.ends[self.had[-1]].set()
        for _ in range(5):
            await asyncio.sleep(0)


async def test_who_sends_one_waits_for_one_of_each_other() -> None:
    line = Line()
    came = await line.come("a1", "a2", "a3", "a4", "b1", "c1", "b2")
    for number in range(len(came)):
        assert len(line.had) == number + 1
        await line.end()
    assert line.had == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
    await asyncio.gather(*came)


async def test_who_leaves_loses_the_turn_to_the_next() -> None:
    line = Line()
    came = await line.come("a1", "a2", "b1", "a3")
    came[1].cancel()
    await line.end()
    assert line.had == ["a1", "b1"]
    # the turn comes to somebody who leaves in the same moment
    line.ends["b1"].set()
    for _ in range(5):
        await asyncio.sleep(0)
        if came[2].done():
            break
    came[3].cancel()
    await asyncio.gather(*came, return_exceptions=True)
    [last] = await line.come("c1")
    assert line.had[-1] == "c1"
    await line.end()
    await last
