"""The TURN servers that browsers are given: those of the settings, or the server's own coturn."""

from collections.abc import AsyncIterator
from typing import Literal

from aiohttp import web

from media.turn_credentials import TurnService
from web.calls.coturn import Coturn
from web.config import Config, harmless_environment

State = Literal["off", "given", "starting", "ok", "failing"]


class TurnServers:
    """What this installation has of TURN."""

    def __init__(self, config: Config) -> None:
        self.coturn: Coturn | None = None
        "The server's own; None without one."
        self._given = config.turn
        self._only_if_installed = config.coturn.wanted == "auto"
        if config.runs_coturn:
            self.coturn = Coturn(
                config.coturn,
                config.data_dir / "coturn",
                config.public_url.host or "localhost",
                config.relay_addresses,
                harmless_environment(),
            )

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """From the start of the server to its end (`cleanup_ctx`)."""
        coturn = self.coturn
        if coturn is not None and self._only_if_installed and await coturn.program() is None:
            self.coturn = None
        if self.coturn is not None:
            await self.coturn.start()
        yield
        if self.coturn is not None:
            await self.coturn.stop()

    @property
    def service(self) -> TurnService:
        """For making the credentials of a participant."""
        return self._given if self.coturn is None else self.coturn.service

    @property
    def urls(self) -> tuple[str, ...]:
        """Every URL at which something should answer."""
        return self._given.urls if self.coturn is None else self.coturn.urls

    @property
    def version(self) -> str | None:
        """Of the server's own coturn; empty before it ran, None without one."""
        return None if self.coturn is None else self.coturn.version

    @property
    def state(self) -> State:
        """`off`, `given` by the settings, or the state of the server's own coturn."""
        if self.coturn is not None:
            return self.coturn.state
        return "given" if self._given.urls else "off"
