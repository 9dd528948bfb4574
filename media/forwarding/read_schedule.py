"""Who reads the ports, and when.

Where it can, the native loop's thread reads them, and Python only what the thread sets aside.
Otherwise Python does: at once while there is little to do, every millisecond under load. A wakeup
costs Python as much as forwarding a packet, so under high load it polls every millisecond, when a
whole frame has arrived, instead of being woken for each datagram.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time

from media.forwarding.packet_loop import Forwarder
from media.native.event_loop import YieldingEventLoop
from media.transport.port import Port

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 0.001
"Seconds between two polls: the shortest wait of an event loop, unnoticeable in a call."
BUSY = 15_000
"""Datagrams per second above which ports are polled: some thirty calls between two. Below it, the
time saved is not worth the one to three milliseconds of delay."""
CALM = 10_000
"Datagrams per second below which wakeups are cheaper again."
TURNS = 128
"Datagrams that the thread set aside, handled before timers and commands get their turn."
SENT_TOGETHER = 8
"Of them, as many are handled at most before what they are answered with is sent."


class ReadSchedule:
    """Reads the ports of a forwarder in an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, forwarder: Forwarder) -> None:
        self.sweeping = False
        self._loop = loop
        self._forwarder = forwarder
        self._handled = 0
        self._rate = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._yielding = _beside(loop, forwarder)
        self._wake = -1

    def start(self) -> None:
        """Read whenever a datagram arrives."""
        if self._yielding is not None:
            try:
                self._start_thread(self._yielding)
            except (OSError, ValueError) as error:
                # The system gives no thread, or there are too many ports for it.
                logger.warning("packets are read without a thread: %s", error)
                self._yielding = None
            else:
                return
        for port in self._forwarder.ports:
            self._loop.add_reader(port.fileno(), self._drain_one, port)

    def stop(self) -> None:
        """Stop reading."""
        if self._yielding is not None:
            self._stop_thread(self._yielding)
            return
        if self._timer is not None:
            self._timer.cancel()
        for port in self._forwarder.ports:
            self._loop.remove_reader(port.fileno())

    def review(self, seconds: float) -> None:
        """Choose between wakeups and polling by the load of the last ``seconds``, on a timer."""
        if self._yielding is not None:
            return
        rate = self._handled / seconds
        self._handled = 0
        # Smoothed over some 0.1 s: a burst of keyframes is not a load.
        self._rate += 0.2 * (rate - self._rate)
        if not self.sweeping and self._rate > BUSY:
            self.sweeping = True
            for port in self._forwarder.ports:
                self._loop.remove_reader(port.fileno())
            self._sweep()
        elif self.sweeping and self._rate < CALM:
            self.sweeping = False
            if self._timer is not None:
                self._timer.cancel()
            self.start()

    def take_reports(self) -> None:
        """Handle the reports that the thread has set aside without waking anybody."""
        if self._yielding is not None:
            self._take_aside()

    def drain_all(self) -> None:
        """Handle what is waiting on all ports now: called from within longer work."""
        if self._yielding is not None:
            self._forwarder.loop.offer()
            return
        for port in self._forwarder.ports:
            self._handled += self._forwarder.drain(port)

    @property
    def threaded(self) -> bool:
        """Whether the native loop reads the ports in a thread of its own."""
        return self._yielding is not None

    def _start_thread(self, yielding: YieldingEventLoop) -> None:
        native = self._forwarder.loop
        self._wake = native.start(tuple(self._forwarder.ports))
        yielding.selector.lock = native
        yielding.add_reader(self._wake, self._take_aside)

    def _stop_thread(self, yielding: YieldingEventLoop) -> None:
        if yielding.selector.lock is not None:
            yielding.remove_reader(self._wake)
            yielding.selector.lock = None
            self._forwarder.loop.stop()

    def _take_aside(self) -> None:
        """Handle what the thread set aside; it woke us."""
        forwarder = self._forwarder
        forwarder.loop.woken()
        if forwarder.loop.failed and self._yielding is not None:
            self._take_over(self._yielding, forwarder.loop.failed)
            return
        take, offer = forwarder.take_aside, forwarder.loop.offer
        for turn in range(TURNS):
            taken = 0
            for port in forwarder.ports:
                taken += take(port, 1)
            if not taken:
                forwarder.flush()
                return
            if not turn % SENT_TOGETHER:
                forwarder.flush()
            # A report takes a tenth of a millisecond, and packets wait meanwhile.
            offer()
        # Timers and commands get their turn in between.
        self._loop.call_soon(self._take_aside)

    def _take_over(self, yielding: YieldingEventLoop, error: int) -> None:
        """Read the ports in the event loop from now on: the thread has ended."""
        logger.error(
            "the thread that forwards packets has ended, and is done without: %s",
            os.strerror(error),
        )
        self._stop_thread(yielding)
        self._yielding = None
        self.start()
        self.drain_all()

    def _drain_one(self, port: Port) -> None:
        self._handled += self._forwarder.drain(port)

    def _sweep(self) -> None:
        self.drain_all()
        self._timer = self._loop.call_later(SWEEP_SECONDS, self._sweep)


def _beside(loop: asyncio.AbstractEventLoop, forwarder: Forwarder) -> YieldingEventLoop | None:
    """The event loop, if the native loop can serve the ports of ``forwarder`` beside it."""
    possible = (
        forwarder.native
        and forwarder.clock is time.monotonic
        and all(port.native for port in forwarder.ports)
    )
    if not possible or not isinstance(loop, YieldingEventLoop):
        return None
    # It waits without the lock of one native loop; that of a second would never be free.
    return loop if loop.selector.lock is None else None
