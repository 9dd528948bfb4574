"""When to read the ports: at once while there is little to do, every millisecond under load.

Waking up costs Python as much as forwarding a packet. Under high load a worker therefore stops
being woken by each and looks every millisecond, when a whole frame has come. The native loop is
so quick that a wait of milliseconds would be the worse bargain until there is much more to do.
"""

from __future__ import annotations

import asyncio

from media.forwarding.packet_loop import Forwarder
from media.transport.port import Port

SWEEP_SECONDS = 0.001
"The pause between two looks: the shortest an event loop can wait for, unheard in a call."
BUSY = 15_000
"""Datagrams a second above which ports are swept: some thirty calls between two. Below it, the
time saved is not worth the one to three milliseconds it costs."""
CALM = 10_000
"Datagrams a second below which being woken is cheaper again."
NATIVE_FACTOR = 10
"How many times as much the native loop takes before either."


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
        """Read whenever something arrives."""
        for port in self._forwarder.ports:
            self._loop.add_reader(port.fileno(), self._drain_one, port)

    def stop(self) -> None:
        """Read no more."""
        if self._timer is not None:
            self._timer.cancel()
        for port in self._forwarder.ports:
            self._loop.remove_reader(port.fileno())

    def review(self, seconds: float) -> None:
        """Choose the way of reading for the load of the last ``seconds``; called by a timer."""
        rate = self._handled / seconds
        self._handled = 0
        # Smoothed over some 0.1 s: a burst of keyframes is no load.
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
        """Handle what waits now: for whoever has longer work to do, in between."""
        for port in self._forwarder.ports:
            self._handled += self._forwarder.drain(port)

    def _drain_one(self, port: Port) -> None:
        self._handled += self._forwarder.drain(port)

    def _sweep(self) -> None:
        self.drain_all()
        self._timer = self._loop.call_later(SWEEP_SECONDS, self._sweep)
