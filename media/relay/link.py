"""A worker as whoever commands it sees it: commands and replies, whatever carries them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable

import msgspec

from media import messages
from media.messages import AnyCommand, Done, Event, Failed, Figures, NotReady, Ready

logger = logging.getLogger(__name__)

SILENT_SECONDS = 5.0
"A worker that answers no ping for this long counts as hung."


class CommandFailed(Exception):
    """A worker refused a command. ``code`` is stable, the text is for logs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class RelayUnavailable(Exception):
    """No worker can carry out a command. ``code`` is ``port_unavailable``, ``worker_lost``..."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class WorkerLink(ABC):
    """The commands to one worker and what comes of them. ``on_event`` must not raise."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.native = False
        "Whether its native loop forwards packets."
        self.tcp: tuple[str, ...] = ()
        "Addresses at which it is reached by TCP too."
        self._on_event = on_event
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Figures | None]] = {}
        self._ended = asyncio.Event()

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether it can be commanded."""

    @abstractmethod
    def kill(self) -> None:
        """End it without waiting for anything."""

    @abstractmethod
    async def stop(self) -> None:
        """End it, and wait for its end."""

    @abstractmethod
    async def _send(self, line: bytes) -> None:
        """Send an encoded command; what is begun first is sent first. Raises RelayUnavailable."""

    async def ask(self, command: AnyCommand) -> Figures | None:
        """Send a command and wait for its reply. Raises CommandFailed, RelayUnavailable."""
        if not self.alive:
            raise RelayUnavailable("worker_lost", "the worker has ended")
        self._number += 1
        number = self._number
        answer: asyncio.Future[Figures | None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send(messages.encode(msgspec.structs.replace(command, number=number)))
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def ping(self) -> Figures | None:
        """Its figures; None: it has ended, or hung and was killed."""
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                return await self.ask(messages.Ping())
        except TimeoutError:
            # It would not react to a closed connection either, and calls are waiting.
            logger.error("a media worker hangs")
            self.kill()
        except (CommandFailed, RelayUnavailable):
            pass
        return None

    async def wait_ended(self, seconds: float) -> None:
        """Wait until the worker has ended, at most for that long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    def _end(self) -> None:
        """Nothing comes any more."""
        self._ended.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(RelayUnavailable("worker_lost", "the worker has ended"))

    def _hear(self, line: bytes) -> None:
        """Take a message from the worker. Raises msgspec.DecodeError."""
        self._dispatch(messages.decode_worker_message(line))

    def _dispatch(self, message: messages.WorkerMessage) -> None:
        if isinstance(message, Done | Failed):
            answer = self._waiting.get(message.number)
            if answer is None or answer.done():
                return
            if isinstance(message, Done):
                if message.figures is not None:
                    self.native, self.tcp = message.figures.native, message.figures.tcp
                answer.set_result(message.figures)
            else:
                answer.set_exception(CommandFailed(message.code, message.text))
        elif not isinstance(message, Ready | NotReady):
            self._on_event(message)
