"""A worker ends with whoever commands it, whatever holds a copy of its control socket."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap

from media.relay import parent
from media.transport.port import Port

COMMANDING = """
    import asyncio, os, signal
    from media.relay.client import Relay, RelaySettings

    async def main():
        relay = Relay(RelaySettings(addresses=("127.0.0.1",)), print)
        await relay.start()
        if (copying := os.fork()) == 0:
            os.close(1)
            signal.pause()
        [worker], [port] = relay.process_ids(), relay.ports
        print(worker, port, copying, flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_a_killed_commander_ends_its_worker_though_a_fork_holds_its_end_of_the_socket() -> (
    None
):
    commander = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(COMMANDING), stdout=subprocess.PIPE
    )
    assert commander.stdout is not None
    worker, port, copying = map(int, (await commander.stdout.readline()).split())
    watch = os.pidfd_open(worker)
    try:
        commander.kill()
        await commander.wait()
        ended, _, _ = await asyncio.to_thread(select.select, [watch], [], [], 60.0)
        assert ended, "the worker stayed behind"
        os.kill(copying, 0)  # it was there all the time
        Port("127.0.0.1", port).close()
    finally:
        os.close(watch)
        os.kill(copying, signal.SIGKILL)


MAKING = """
    import socket, sys
    passing = socket.socket(fileno=int(sys.argv[1]))
    pair = socket.socketpair()
    socket.send_fds(passing, [b"-"], [each.fileno() for each in pair])
"""


async def test_a_commander_that_has_ended_before_is_noticed_at_once() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        commander = await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(MAKING), str(theirs.fileno()),
            pass_fds=[theirs.fileno()],
        )  # fmt: skip
        await commander.wait()
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 2)
    control, copied = (socket.socket(fileno=each) for each in descriptors)
    noticed: list[str] = []
    with control, copied, parent.watched(control, lambda: noticed.append("ended")):
        assert noticed == ["ended"]
