"""Mail servers for tests: a real one (aiosmtpd), and one that breaks on request.

async with mail_server(tls="starttls", user="teleconnect", password="secret") as server:
    ...                                   # server.url, server.received

async with broken_server(at="answer", how="close") as server:
    ...
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import EmailPolicy
from functools import cached_property, lru_cache
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.delivery.certificates import certificates

Answer = Callable[[str], str | None]
"Takes an address, returns an SMTP answer, or None for 250."


class RememberingPolicy(EmailPolicy):
    """Parses a header once: Python's own does so whenever a message is asked for its type."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return _parsed(name, value)


@lru_cache(10_000)
def _parsed(name: str, value: str) -> str:
    header: str = SMTP_POLICY.header_fetch_parse(name, value)
    return header


READING = RememberingPolicy(linesep="\r\n")


@dataclass
class Received:
    """One mail as it came over the wire."""

    sender: str
    recipients: list[str]
    octets: bytes

    @cached_property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.octets, policy=READING)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class MailServer:
    """The server, and what it has received so far."""

    url: str
    port: int
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    on_mail: Answer = lambda address: None
    on_recipient: Answer = lambda address: None
    on_data: Answer = lambda address: None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    "Set at every mail."
    released: asyncio.Event | None = None
    "If there is one, each mail is answered only once it is set."
    hanging_domain: str = ""
    "Recipients at this domain are not answered before `awake`."
    hanging: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    "Released once for each recipient that is not answered."
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    "Every recipient so far, answered or not."
    deserted: asyncio.Event = field(default_factory=asyncio.Event)
    "Set whenever the last connection has ended."
    _transports: set[Any] = field(default_factory=set)

    def drop_connections(self) -> None:
        """Close every open connection, as after an idle timeout."""
        for transport in tuple(self._transports):
            transport.close()


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self.server = server

    async def handle_MAIL(
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.server.on_mail(address)
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.server.asked.append(address)
        if address.endswith(f"@{self.server.hanging_domain}"):
            self.server.hanging.release()
            await self.server.awake.wait()
        answer = self.server.on_recipient(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        answer = self.server.on_data(envelope.rcpt_tos[0])
        if answer is None:
            self.server.received.append(
                Received(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content)
            )
            self.server.arrived.set()
        if self.server.released is not None:
            await self.server.released.wait()
        return answer or "250 OK"


@asynccontextmanager
async def mail_server(
    tls: Literal["none", "starttls", "implicit"] = "none",
    *,
    user: str | None = None,
    password: str | None = None,
    authority: str = "trusted",
    smtputf8: bool = True,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """A server, by default on a free port; STARTTLS and AUTH are required where given."""
    context = certificates(authority).server
    server = MailServer("", 0)

    def authenticate(smtp: SMTP, session: Any, envelope: Any, mechanism: str, login: Any) -> Any:
        right = (login.login, login.password) == ((user or "").encode(), (password or "").encode())
        return AuthResult(success=right, handled=False)

    class Connection(SMTP):
        def connection_made(self, transport: Any) -> None:
            if transport not in server._transports and self.session is None:
                server.connections += 1
            server._transports.add(transport)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            server._transports.discard(self.transport)
            if not server._transports:
                server.deserted.set()
            super().connection_lost(error)

    def connection() -> Connection:
        return Connection(
            _Handler(server),
            enable_SMTPUTF8=smtputf8,
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            auth_required=user is not None,
            auth_require_tls=tls == "starttls",
            authenticator=authenticate if user is not None else None,
            hostname="localhost",
            ident="test",
            loop=asyncio.get_running_loop(),
        )

    listening = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", port, ssl=context if tls == "implicit" else None
    )
    server.port = listening.sockets[0].getsockname()[1]
    login = f"{user}:{password}@" if user is not None else ""
    scheme = "smtps" if tls == "implicit" else "smtp"
    server.url = f"{scheme}://{login}localhost:{server.port}"
    try:
        yield server
    finally:
        listening.close()
        server.drop_connections()
        await listening.wait_closed()


Phase = Literal["greeting", "ehlo", "mail", "rcpt", "data", "answer"]
How = Literal["hang", "close", "half_close", "reset", "garbage", "endless"] | str


@dataclass
class BrokenServer:
    url: str
    port: int
    connections: int = 0
    texts: list[bytes] = field(default_factory=list)
    "Every text that arrived completely, answered or not."
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    "Set when a client waits for an answer that does not come."


@asynccontextmanager
async def broken_server(
    at: Phase, how: How, *, times: int = 1_000_000, tls: ssl.SSLContext | None = None
) -> AsyncIterator[BrokenServer]:
    """A server that behaves up to a phase and then, the first `times` times, breaks.

    `how` is what it does instead of answering; anything else than the words of `How` is its answer.
    """
    server = BrokenServer("", 0)
    left = times
    writers: set[asyncio.StreamWriter] = set()
    tasks: set[asyncio.Task[None]] = set()

    async def answer(
        phase: Phase, right: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str | None:
        """The answer; None ends the conversation."""
        nonlocal left
        if phase != at or left == 0:
            writer.write(right.encode() + b"\r\n")
            return right
        left -= 1
        if how == "hang":
            server.hanging.set()
            await reader.read()  # until the client gives up
        elif how == "half_close":
            writer.write_eof()
            await reader.read()
        elif how == "reset":
            writer.transport.abort()
        elif how == "garbage":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n")
            await reader.read()
        elif how == "endless":
            writer.write(b"250-" + b"x" * 70_000)
            await reader.read()
        elif how != "close":
            writer.write(how.encode() + b"\r\n")
            return how
        return None

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await answer("greeting", "220 localhost", reader, writer) is None:
            return
        while line := await reader.readline():
            match line[:4].upper().strip():
                case b"EHLO":
                    right, phase = "250 localhost", "ehlo"
                case b"MAIL":
                    right, phase = "250 OK", "mail"
                case b"RCPT":
                    right, phase = "250 OK", "rcpt"
                case b"DATA":
                    said = await answer("data", "354 Go on", reader, writer)
                    if said is None:
                        return
                    if not said.startswith("354"):
                        continue
                    text = await reader.readuntil(b"\r\n.\r\n")
                    server.texts.append(text)
                    right, phase = "250 OK", "answer"
                case b"QUIT":
                    writer.write(b"221 Bye\r\n")
                    return
                case _:
                    right, phase = "250 OK", "other"
            if await answer(phase, right, reader, writer) is None:  # type: ignore[arg-type]
                return

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            writers.discard(writer)
            tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    server.url = f"smtp://localhost:{server.port}"
    try:
        yield server
    finally:
        listening.close()
        for writer in tuple(writers):
            writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
