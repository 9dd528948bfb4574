"""A worker: the process that forwards media, apart from pages and the database.

Started as ``python -m media.relay.worker --control N``, where N is an inherited Unix socket. It
reads a :class:`~media.messages.Start` and then commands, one per line, and ends when the socket is
closed or the process that started it has ended (`media/relay/parent.py`), which it never outlives.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import resource
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from media import messages
from media.messages import Done, Failed, Figures, NotReady, Ping, Ready, Start
from media.native.event_loop import YieldingEventLoop
from media.relay import parent
from media.relay.tcp_entrance import TcpEntrance
from media.rooms.room import Refused
from media.sfu.sfu import Sfu
from media.transport.port import Port, PortUnavailable

logger = logging.getLogger(__name__)

MOST_UNSENT = 8 << 20
"Bytes of events that may be queued for a web process that does not read; then the worker ends."


def open_ports(hosts: Sequence[str], number: int) -> list[Port]:
    """A port of that number on each host. Raises PortUnavailable, leaving none open.

    Number 0 selects a free one, the same on every host.
    """
    ports: list[Port] = []
    try:
        for host in hosts:
            ports.append(Port(host, number))
            number = ports[0].number
    except PortUnavailable:
        for port in ports:
            port.close()
        raise
    return ports


async def serve(control: socket.socket) -> None:
    """Serve one web process over a connected Unix socket until it closes it or ends."""
    reader, writer = await asyncio.open_connection(sock=control, limit=messages.LONGEST_LINE)
    with parent.watched(control, writer.transport.abort):
        await _serve(reader, writer)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sfu: Sfu | None = None
    tcp: TcpEntrance | None = None
    try:
        start = messages.decode_start(await reader.readline())
        sfu = _open(start, writer)
        if sfu is None:
            await writer.drain()
            return
        tcp = TcpEntrance(sfu, start)
        number = sfu.addresses()[0][1]
        reached = await tcp.follow()
        writer.write(messages.encode(Ready(number, start.addresses, sfu.native, reached)))
        while line := await reader.readline():
            await _execute(sfu, line, writer)
            await tcp.follow()
    except ConnectionError:
        pass  # the web process ended while we were replying
    except (msgspec.DecodeError, ValueError) as error:
        # A line that cannot be decoded means that the two processes are of different versions.
        logger.error("the control connection broke: %s", error)
    finally:
        await end(sfu, tcp)
        writer.close()


async def end(sfu: Sfu | None, tcp: TcpEntrance | None) -> None:
    """End every connection; those by TCP last, so that they take the goodbye to their clients."""
    if sfu is not None:
        await sfu.close()
    if tcp is not None:
        await tcp.close()


def _open(start: Start, writer: asyncio.StreamWriter) -> Sfu | None:
    def emit(event: messages.Event) -> None:
        if writer.transport.get_write_buffer_size() > MOST_UNSENT:
            writer.transport.abort()
        elif not writer.is_closing():
            writer.write(messages.encode(event))

    try:
        ports = open_ports(start.hosts, start.port)
    except PortUnavailable as error:
        writer.write(messages.encode(NotReady("port_unavailable", str(error.strerror))))
        return None
    number = ports[0].number
    sfu = Sfu([(host, number) for host in start.addresses], emit, start.limits)
    sfu.open(ports)
    return sfu


async def _execute(sfu: Sfu, line: bytes, writer: asyncio.StreamWriter) -> None:
    command = messages.decode_command(line)
    reply: Done | Failed
    try:
        sfu.execute(command)
    except Refused as refusal:
        reply = Failed(command.number, refusal.code, str(refusal))
    except Exception:
        # A bug in one room must not end the calls of all others.
        logger.exception("%s failed", type(command).__name__)
        reply = Failed(command.number, "internal", f"{type(command).__name__} failed")
    else:
        reply = Done(command.number)
        if isinstance(command, Ping):
            reply = Done(command.number, figures_of(sfu))
    writer.write(messages.encode(reply))
    await writer.drain()


def figures_of(sfu: Sfu) -> Figures:
    """The SFU's figures with those of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return msgspec.structs.replace(
        sfu.figures(),
        resident_bytes=resident_bytes(),
        cpu_seconds=usage.ru_utime + usage.ru_stime,
    )


def resident_bytes() -> int:
    """Memory this process uses now; its peak where the system reports nothing else."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a worker until its control socket closes."""
    parser = argparse.ArgumentParser(prog="python -m media.relay.worker", description=__doc__)
    parser.add_argument(
        "--control", type=int, required=True, metavar="N", help="inherited Unix socket"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # Packets make no reference cycles; a full collection during a call would be a pause of 10 ms.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    control = socket.socket(fileno=options.control)
    with asyncio.Runner(loop_factory=YieldingEventLoop) as runner:
        runner.run(serve(control))


if __name__ == "__main__":
    main()
