"""How long a call of four is interrupted when the relay's worker is killed or suspended.

Four contexts of one Chromium see and hear each other. Seconds count from the signal until every
one of the twelve pairs has decoded a new picture and heard new sound; for a worker that was
suspended, from the moment it may go on. The look at the pages itself takes some 0.2 s.
"""

import asyncio
import os
import signal
import time
from typing import Any

from scripts.benchmarks._figures import lines
from scripts.benchmarks._relay.call import Call, call_of_four

KILLS = 3
SUSPENDED_SECONDS = 5.0
LONGEST = 60.0
Levels = dict[tuple[str, str], tuple[int, float]]


async def levels(call: Call) -> Levels:
    """(subscriber, publisher) -> pictures decoded and energy heard so far."""
    found: Levels = {}
    for name, guest in call.guests.items():
        streams = await guest.look()
        for other in call.guests:
            video, audio = streams.get((other, "video")), streams.get((other, "audio"))
            if other != name and video is not None and audio is not None:
                found[name, other] = video["frames"], audio["energy"]
    return found


async def until_all_are_back(call: Call, fresh: bool) -> float:
    """Seconds until all pairs move; ``fresh`` when their counts begin anew."""
    began = time.monotonic()
    before: Levels = {} if fresh else await levels(call)
    pairs = len(call.guests) * (len(call.guests) - 1)
    while time.monotonic() - began < LONGEST:
        now = await levels(call)
        moved = [
            pair
            for pair, (frames, energy) in now.items()
            if frames > before.get(pair, (0, 0.0))[0] and energy > before.get(pair, (0, 0.0))[1]
        ]
        if len(moved) == pairs:
            return time.monotonic() - began
        await asyncio.sleep(0.02)
    raise RuntimeError("the call did not come back")


async def measure() -> dict[str, Any]:
    """The seconds of each kill and of one suspension."""
    async with call_of_four() as call:
        await until_all_are_back(call, fresh=False)
        gone = []
        for _ in range(KILLS):
            call.expect_all()
            (worker,) = call.relay.process_ids()
            os.kill(worker, signal.SIGKILL)
            began = time.monotonic()
            await call.wait()
            connected = time.monotonic() - began
            await until_all_are_back(call, fresh=True)
            gone.append((connected, time.monotonic() - began))
        (worker,) = call.relay.process_ids()
        os.kill(worker, signal.SIGSTOP)
        await asyncio.sleep(SUSPENDED_SECONDS)
        os.kill(worker, signal.SIGCONT)
        back = await until_all_are_back(call, fresh=False)
        return {
            "kills": gone,
            "suspended_seconds": SUSPENDED_SECONDS,
            "back_after_suspension": back,
            "same_worker": call.relay.process_ids() == [worker],
            "load": os.getloadavg()[0],
        }


def run() -> dict[str, Any]:
    """Measure once."""
    return asyncio.run(measure())


def table(result: dict[str, Any]) -> str:
    rows: list[list[Any]] = [["call of four", "all connected, s", "all see and hear, s"]]
    rows += [["worker killed", *one] for one in result["kills"]]
    suspended = f"worker suspended for {result['suspended_seconds']:g} s"
    rows.append([suspended, "", result["back_after_suspension"]])
    same = "yes" if result["same_worker"] else "no"
    return f"{lines(rows)}\nsame worker after suspension: {same}; load {result['load']:.1f}"


if __name__ == "__main__":
    print(table(run()))
