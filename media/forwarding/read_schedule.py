"""When to read the ports: at once while there is little to do, every millisecond under load.

A wakeup costs Python as much as forwarding a packet. Under high load a worker therefore polls every
millisecond, when a whole frame has arrived, instead of being woken for each datagram. The native
loop is so fast that waiting milliseconds is the worse bargain until there is much more to do.
"""

from __future__ import annotations

import asyncio

from media.forwarding.packet_loop import Forwarder
from media.transport.port import Port

SWEEP_SECONDS = 0.001
"Seconds between two polls: the shortest wait of an event loop, unnoticeable in a call."
BUSY = 15_000
"""Datagrams per second above which ports are polled: some thirty calls between two. Below it, the
time saved is not worth the one to three milliseconds of delay."""
CALM = 10_000
"Datagrams per second below which wakeups are cheaper again."
NATIVE_FACTOR = 10
"Both thresholds are this many times higher with the native loop."


class ReadSchedule:
    """Reads the ports of a forwarder in an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, forwarder: Forwarder) -> None:
        self.sweeping = False
        self._loop = loop
        self._forwarder = forwarder
        self._handled = 0
        self._rate = 0.0
        self._timer: asyncio.TimerHandle | None = None
        native = forwarder.native and all(port.native for port in forwarder.ports)
        self._factor = NATIVE_FACTOR if native else 1

    def start(self) -> None:
        """Read whenever a datagram arrives."""
        for port in self._forwarder.ports:
            self._loop.add_reader(port.fileno(), self._drain_one, port)

    def stop(self) -> None:
        """Stop reading."""
        if self._timer is not None:
            self._timer.cancel()
        for port in self._forwarder.ports:
            self._loop.remove_reader(port.fileno())

    def review(self, seconds: float) -> None:
        """Choose between wakeups and polling by the load of the last ``seconds``, on a timer."""
        rate = self._handled / seconds
        self._handled = 0
        # Smoothed over some 0.1 s: a burst of keyframes is not a load.
        self._rate += 0.2 * (rate - self._rate)
        if not self.sweeping and self._rate > BUSY * self._factor:
            self.sweeping = True
            for port in self._forwarder.ports:
                self._loop.remove_reader(port.fileno())
            self._sweep()
        elif self.sweeping and self._rate < CALM * self._factor:
            self.sweeping = False
            if self._timer is not None:
                self._timer.cancel()
            self.start()

    def drain_all(self) -> None:
        """Handle what is waiting on all ports now: called from within longer work."""
        for port in self._forwarder.ports:
            self._handled += self._forwarder.drain(port)

    def _drain_one(self, port: Port) -> None:
        self._handled += self._forwarder.drain(port)

    def _sweep(self) -> None:
        self.drain_all()
        self._timer = self._loop.call_later(SWEEP_SECONDS, self._sweep)
