"""Checks regularly whether the relay answers at the addresses that browsers get."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from media.messages import Event
from media.relay.client import Relay
from media.relay.self_check import Address, Outcome, SelfCheck
from signaling.ports.clock import Timers

TRIED_EVERY = timedelta(minutes=5)
"Addresses and networks change, so a result does not hold for ever."

_log = logging.getLogger("web.calls.relay")


class RelayWatch:
    """Checks a relay from its start until `stop`."""

    def __init__(self, relay: Relay, timers: Timers) -> None:
        self.unreached = ""
        "The addresses, if the relay answers at none of them."
        self.tcp: Literal["ok", "unreached", "off"] = "off"
        "Whether it answers by TCP at one of them; `off` also where its port is taken for TCP."
        self.trying: asyncio.Task[None] | None = None
        self._relay = relay
        self._self_check = SelfCheck(relay)
        self._timers = timers
        self._outcome = Outcome()
        self._stopping = False

    def handle(self, event: Event) -> bool:
        """Whether the event belongs to a self-check and concerns nobody else."""
        return self._self_check.handle(event)

    async def start(self) -> None:
        """Check it now and regularly; does not wait for the result."""
        if not self._stopping:
            self.trying = asyncio.create_task(self._try(), name="relay self-check")
            self._timers.set("relay self-check", self._timers.now() + TRIED_EVERY, self.start)

    async def stop(self) -> None:
        """End a check in progress; start no more."""
        self._stopping = True
        if self.trying is not None:
            self.trying.cancel()
            await asyncio.wait([self.trying])

    async def _try(self) -> None:
        outcome = await self._self_check.run()
        if outcome in (self._outcome, Outcome()):
            return
        self._outcome = outcome
        answered, silent = _listed(outcome.answered), _listed(outcome.silent)
        asked = {port for _, port in (*outcome.answered, *outcome.silent)}
        everybody = len(asked) == self._relay.settings.workers
        self.unreached = silent if everybody and not answered else ""
        self.tcp = "ok" if outcome.tcp_answered else "unreached" if outcome.tcp_silent else "off"
        if answered:
            _log.info("The relay answers this machine at %s", answered)
        if outcome.tcp_answered:
            _log.info("By TCP it answers at %s", _listed(outcome.tcp_answered))
        if self.tcp == "unreached":
            _log.warning(
                "By TCP the relay does not answer this machine at %s: it is of use to nobody whose"
                " network lets no UDP out, unless a network address translation alone prevents it.",
                _listed(outcome.tcp_silent),
            )
        if silent:
            _log.warning(
                "The relay does not answer this machine at %s. Behind a network address"
                " translation that does not lead back browsers may reach it there all the same;"
                " otherwise the address is wrong or something holds UDP up.",
                silent,
            )


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(
        f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in addresses
    )
