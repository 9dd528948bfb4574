"""Mail by SMTP (RFC 5321), over a few connections that are reused.

Opportunistic encryption does not check the certificate: a man in the middle could as well remove
the offer (RFC 7435 section 3). SSL_CERT_FILE adds a private certificate authority.

Each transaction has one recipient, so every refusal is about that recipient. A failure before the
text was sent delivered nothing. After it, before the server's answer, the mail may have arrived:
the next try carries the same Message-ID.
"""

import asyncio
import re
import ssl

import aiosmtplib

from signaling.delivery import mail
from signaling.delivery.smtp_url import SmtpServer
from signaling.errors import InvalidInput
from signaling.notices.notice import (
    Outcome,
    Outgoing,
    PermanentFailure,
    Sent,
    TemporaryFailure,
    UnknownOutcome,
)

CONNECTIONS = 4
"Most at a time: mail servers commonly refuse more from one client."
TIMEOUT_S = 30.0
"For each answer. RFC 5321 section 4.5.3.2 allows minutes; a person waits for these notices."
IDLE_S = 20.0
"An unused connection is closed before most servers do it (Postfix: 300 s, many relays: 30 s)."

_ENHANCED = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}\b", re.ASCII)


class _TlsMissing(aiosmtplib.SMTPException):
    """STARTTLS is required and not offered."""


class _LoginMissing(aiosmtplib.SMTPException):
    """There are credentials, but the server offers no AUTH."""


class Smtp:
    """A provider of mail.

    `tls` replaces the system's trusted certificates, `timeout_s` is for each answer of the server.
    """

    def __init__(
        self,
        server: SmtpServer,
        mail_from: str,
        *,
        connections: int = CONNECTIONS,
        timeout_s: float = TIMEOUT_S,
        idle_s: float = IDLE_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._sender = mail.sender(mail_from)
        self._slots = asyncio.Semaphore(connections)
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._tls = tls
        self._idle: list[aiosmtplib.SMTP] = []
        self._idle_timer: asyncio.TimerHandle | None = None
        self._quitting: set[asyncio.Task[None]] = set()

    def write_from(self, mail_from: str) -> None:
        """Mail leaves with this sender from now on. Raises InvalidInput."""
        self._sender = mail.sender(mail_from)

    async def prepare(self) -> None:
        """Nothing to warm up."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one mail; waits while all connections are busy. Raises no network errors."""
        async with self._slots:  # built inside, so that a long queue holds no finished mails
            try:
                message = mail.build(outgoing, self._sender)
            except InvalidInput:
                return PermanentFailure("address_refused")
            except ValueError:
                return PermanentFailure("content_refused")
            return await self._send(message)

    async def reaches(self) -> bool:
        """Whether the server takes a connection, and our credentials, right now."""
        async with self._slots:
            if (client := self._take_idle()) is None:
                try:
                    client = await self._connect()
                except (aiosmtplib.SMTPException, OSError, ValueError):
                    return False
            self._keep(client)
            return True

    async def close(self) -> None:
        """Quit every idle connection."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._close_idle()
        await asyncio.gather(*self._quitting)

    async def _send(self, message: mail.Mail) -> Outcome:
        kept = self._take_idle()
        if kept is not None:
            outcome = await self._use(kept, message)
            if not _was_closed_meanwhile(outcome):
                return outcome
        try:
            client = await self._connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _while_connecting(error)
        return await self._use(client, message)

    async def _use(self, client: aiosmtplib.SMTP, message: mail.Mail) -> Outcome:
        """One transaction; the connection is reused only after a clean end."""
        try:
            outcome = await self._transact(client, message)
            if not isinstance(outcome, Sent) and client.is_connected:
                await _reset(client)
        except (
            BaseException
        ):  # also when canceled: the outstanding answer would be taken for the next one
            client.close()
            raise
        if client.is_connected:
            self._keep(client)
        return outcome

    async def _transact(self, client: aiosmtplib.SMTP, message: mail.Mail) -> Outcome:
        if message.needs_smtputf8 and not client.supports_extension("smtputf8"):
            return PermanentFailure("address_not_supported")
        options = ["SMTPUTF8"] if message.needs_smtputf8 else []
        if client.supports_extension("size"):
            options.append(f"SIZE={len(message.octets)}")
        encoding = "utf-8" if message.needs_smtputf8 else "ascii"
        try:
            await client.mail(self._sender.address.addr_spec, options=options, encoding=encoding)
            await client.rcpt(message.to, encoding=encoding)
        except aiosmtplib.SMTPSenderRefused as error:
            return _refusal(error, "sender_refused")
        except aiosmtplib.SMTPRecipientRefused as error:
            return _refusal(error, "address_refused")
        except aiosmtplib.SMTPReadTimeoutError:
            return TemporaryFailure("server_timeout")
        except aiosmtplib.SMTPResponseException as error:  # not an SMTP answer
            client.close()
            return TemporaryFailure("server_busy", _code(error))
        except (aiosmtplib.SMTPException, OSError):
            return TemporaryFailure("connection_lost")
        except ValueError:  # an address with control characters
            return PermanentFailure("address_refused")
        try:
            await client.data(message.octets)
        except aiosmtplib.SMTPDataError as error:
            return _refusal(error, "content_refused")
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            return UnknownOutcome("reply_lost")
        return Sent(message.message_id)

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        checked = server.tls in ("implicit", "required")
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=self._sender.address.domain,
            timeout=self._timeout_s,
            use_tls=server.tls == "implicit",
            start_tls=False,
            validate_certs=checked,
            tls_context=self._tls if checked else None,
        )
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                await client.connect()
                await client.ehlo()
                if server.tls in ("required", "offered"):
                    if client.supports_extension("starttls"):
                        await client.starttls()
                        await client.ehlo()
                    elif server.tls == "required":
                        raise _TlsMissing("STARTTLS is not offered")
                if server.user is not None:
                    if not client.supported_auth_methods:
                        raise _LoginMissing("AUTH is not offered")
                    await client.login(server.user, server.password or "")
        except BaseException:
            client.close()
            raise
        return client

    def _take_idle(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            client = self._idle.pop()
            if client.is_connected:
                return client
        return None

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        """Keep an open connection for the next transaction."""
        self._idle.append(client)
        self._watch_idle()

    def _watch_idle(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._close_idle)

    def _close_idle(self) -> None:
        while (client := self._take_idle()) is not None:
            task = asyncio.create_task(_quit(client))
            self._quitting.add(task)
            task.add_done_callback(self._quitting.discard)


def _was_closed_meanwhile(outcome: Outcome) -> bool:
    """Whether the server had closed an idle connection: nothing was sent, a fresh one will do."""
    return isinstance(outcome, TemporaryFailure) and (
        outcome.reason == "connection_lost" or outcome.code.startswith("421")
    )


async def _reset(client: aiosmtplib.SMTP) -> None:
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        await client.quit(timeout=1)
    except (aiosmtplib.SMTPException, OSError):
        pass
    finally:
        client.close()


def _code(error: aiosmtplib.SMTPResponseException) -> str:
    """`550 5.1.1`: only the numbers, since the server's text may repeat the address."""
    enhanced = _ENHANCED.match(error.message)
    return f"{error.code} {enhanced.group()}" if enhanced else str(error.code)


def _refusal(error: aiosmtplib.SMTPResponseException, refused: str) -> Outcome:
    """A negative answer inside a transaction; `refused` is the reason for a 5yz."""
    code = _code(error)
    status = code.partition(" ")[2][2:]  # RFC 3463: subject.detail
    if error.code in (530, 535, 538):
        return TemporaryFailure("credentials_refused", code)
    # RFC 5321 section 4.5.3.1.10: a 552 to RCPT means 452. A full mailbox gets emptied.
    if refused == "address_refused" and (error.code in (452, 552) or status == "2.2"):
        return TemporaryFailure("mailbox_full" if status == "2.2" else "server_busy", code)
    if 500 <= error.code < 600:
        return PermanentFailure(refused, code)
    if refused == "address_refused" and error.code in (450, 451):
        return TemporaryFailure("greylisted", code)
    return TemporaryFailure("server_busy", code)


def _while_connecting(error: Exception) -> Outcome:
    """A failure before any mail was sent: never the recipient's fault, so always temporary."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        return TemporaryFailure("tls_untrusted")
    match error:
        case _TlsMissing():
            return TemporaryFailure("tls_missing")
        case aiosmtplib.SMTPAuthenticationError() if error.code >= 500:
            return TemporaryFailure("credentials_refused", _code(error))
        case _LoginMissing() | aiosmtplib.SMTPNotSupported():
            return TemporaryFailure("credentials_refused")
        case aiosmtplib.SMTPResponseException() if 400 <= error.code < 600:
            return TemporaryFailure("server_busy", _code(error))
        case TimeoutError():
            return TemporaryFailure("server_timeout")
        case _:
            return TemporaryFailure("server_unreachable")
