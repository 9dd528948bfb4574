"""A room of light clients whose packets the native loop's thread forwards, in this process."""

import asyncio
from collections.abc import Awaitable, Callable

from media.native.event_loop import YieldingEventLoop
from scripts.traffic.relay_clients import Window, pump
from scripts.traffic.relay_target import Target


def beside_the_thread(main: Callable[[Target], Awaitable[None]], names: str = "ab") -> None:
    """Run a coroutine with a room of these whose packets the thread forwards."""

    async def run() -> None:
        target = Target()
        try:
            await target.fill(names)
            assert target.sfu.native
            await main(target)
            assert target.sfu.forwarder.errors == 0
        finally:
            await target.close()

    with asyncio.Runner(loop_factory=YieldingEventLoop) as runner:
        runner.run(run())


def speak_while_python_waits(target: Target, seconds: float) -> Window:
    """Have both send and receive while the event loop does nothing, as if it waited for events."""
    loop = target.sfu.forwarder.loop
    clients = list(target.clients.values())
    for client in clients:
        client.check()
    loop.release()
    try:
        return pump(clients, clients, 1.0, seconds)
    finally:
        loop.acquire()


async def begin(target: Target) -> None:
    """Let both send until each has a keyframe of the other."""
    loop = target.sfu.forwarder.loop
    for _ in range(100):
        speak_while_python_waits(target, 0.1)
        before = loop.set_aside
        await asyncio.sleep(0.03)
        outbound = [
            one
            for peer in target.sfu.rooms["room"].peers.values()
            for one in peer.downlink.outbound_streams.values()
        ]
        if len(outbound) == 4 and all(one.inbound is not None for one in outbound):
            # Read what is still under way.
            speak_while_python_waits(target, 0.0)
            return
    raise AssertionError(f"streams never began; {loop.set_aside - before} were set aside")
