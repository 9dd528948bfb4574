"""The report of a session: a PDF that is drawn on request, sent as it comes, and never stored."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from aiohttp import hdrs, web

from signaling.access import owned
from signaling.account import Account
from signaling.attachment import ORIGINAL, Attachment
from signaling.chat import MESSAGE_KINDS, UNREAD_KINDS, ChatMessage
from signaling.consultation import Consultation
from signaling.errors import N_, InvalidInput, NotFound
from signaling.report import (
    ENDING_IN_REPORT,
    NAMES_IN_REPORT,
    PASSWORD_LENGTH,
    PASSWORD_ON_REPORT,
    PHOTOS_IN_REPORT,
    Parts,
    Report,
    ReportContents,
    ReportFile,
    ReportLine,
)
from storage.store import Records, Store
from web.access.revocation import Grant
from web.http.errors import has_left
from web.http.forms import form_errors, form_of
from web.http.request import own_consultation, show, viewer_of, web_session_digest
from web.keys import CLOCK, REPORT_WORKERS, REVOCATION, RUNTIME_SETTINGS, STORE
from web.markup.desk.report_parts import PASSWORD, report_parts_page, report_password_page
from web.markup.shared.event_lines import event_sentence
from web.markup.shared.labels import shown_name
from web.report.pdf import ReportLogo
from web.report.process import BROKEN, Order, encode, piece
from web.report.workers import Drawn
from web.settings.logo import Logo
from web.view_models import Form, Viewer

T = TypeVar("T")

CHECK_SECONDS = 1.0
"Between checks for a disconnected browser, which aiohttp does not report."
CLIENT_GONE = 499
"nginx's status for a client that disconnected; only the log shows it."


class StoredPart(NamedTuple):
    """A part of a stored file."""

    name: str
    size: int


async def report(request: web.Request) -> web.StreamResponse:
    """The PDF of a consultation, drawn in a separate process while the browser waits.

    A long report has several parts: without `part` in the query, a page links to them. Where reports
    have a password, another page asks for it first.
    """
    account, consultation = await own_consultation(request, "export")
    app, viewer = request.app, await viewer_of(request)
    settings = app[RUNTIME_SETTINGS]
    chat = _Chat(app[STORE], consultation.id, await _is_on(app[STORE], PHOTOS_IN_REPORT))
    parts = await chat.parts()
    wanted = request.query.get("part", "1" if parts == 1 else "")
    if not wanted:
        return show(report_parts_page(viewer, consultation.id, parts))
    part = _one_of(parts, wanted)
    password = None
    if await _is_on(app[STORE], PASSWORD_ON_REPORT):
        try:
            password = _chosen_password((await form_of(request)).get(PASSWORD))
        except InvalidInput as error:
            form = Form({}, form_errors(error, viewer)) if request.method == "POST" else Form()
            status = 400 if form.errors else 200
            return show(report_password_page(viewer, form, consultation.id, part), status)
    order = Order(
        await _facts(chat, account, consultation, viewer, part, parts),
        brand=settings.brand,
        made_at=app[CLOCK].now(),
        contents=await _contents(app[STORE]),
        password=password,
        logo=_logo(settings.logo),
    )
    drawing = app[REPORT_WORKERS].draw(account.id, order, _lines(chat, consultation, viewer, part))
    name = f"session-{consultation.id}" + (f"-{part}" if parts > 1 else "")
    response = web.StreamResponse(
        headers={
            hdrs.CONTENT_TYPE: "application/pdf",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.pdf"',
            hdrs.CACHE_CONTROL: "no-store",
        },
    )
    grant = Grant(await web_session_digest(request), held=(consultation.id, account.id))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app[REVOCATION].cancelled_when_revoked(grant))
        drawn = await _while_there(request, stack.enter_async_context(drawing))
        if drawn is None:
            return web.Response(status=CLIENT_GONE)
        await app[STORE].write(partial(_log, account.id, chat, app[CLOCK].now()))
        await response.prepare(request)
        await _send(request, response, drawn)
    return response


async def _send(request: web.Request, response: web.StreamResponse, drawn: Drawn) -> None:
    """Send the file, block by block."""
    try:
        async for block in drawn.blocks():
            await response.write(block)
        await response.write_eof()
    except BaseException:
        # the head has promised a whole file: only the end of the connection takes that back
        if request.transport is not None:
            request.transport.abort()
        raise


async def _is_on(store: Store, rule: str) -> bool:
    return await store.read.settings.get(rule) == "on"


async def _contents(store: Store) -> ReportContents:
    """What is enabled besides the chat."""
    return ReportContents(
        names=await _is_on(store, NAMES_IN_REPORT), ending=await _is_on(store, ENDING_IN_REPORT)
    )


async def _facts(
    chat: "_Chat",
    account: Account,
    consultation: Consultation,
    viewer: Viewer,
    part: int,
    parts: int,
) -> Report:
    """The facts of the session but for its chat; `reduce_report` takes out what is not enabled."""
    read = chat.store.read
    invites = await read.invites.of_consultation(consultation.id)
    staff, entered = await _staff(read, consultation), await read.chat.announced(consultation.id)
    host = staff.pop(consultation.scheduler_id, account.name)
    came = [name for participant_id, name in staff.items() if participant_id in entered]
    came += [
        shown_name(viewer, invite.person.name, invite.role)
        for invite in invites
        if invite.joined_at is not None
    ]
    began, ended = consultation.started_at, consultation.closed_at
    if began and ended and ended < began:  # the clock was set back meanwhile
        ended = None
    return Report(
        viewer.language,
        viewer.time_zone,
        began,
        names=(host, *came),
        ended_at=ended,
        part=part,
        parts=parts,
    )


async def _staff(read: Records, consultation: Consultation) -> dict[str, str]:
    """Participant id -> name of those who hold it, and of those who did."""
    names = await read.consultations.former_schedulers(consultation.id)
    for account in [await read.accounts.get(each) for each in sorted(consultation.holders)]:
        names |= {account.id: account.name} if account is not None else {}
    return names


def _chosen_password(typed: str | None) -> str:
    """Raises InvalidInput for one that is missing or could be guessed."""
    if len(typed or "") < PASSWORD_LENGTH:
        raise InvalidInput(
            PASSWORD, N_("Please choose at least %(count)s characters."), count=PASSWORD_LENGTH
        )
    return typed or ""


def _logo(logo: Logo | None) -> ReportLogo | None:
    return ReportLogo(logo.data, logo.width, logo.height, logo.text) if logo else None


async def _log(account_id: str, chat: "_Chat", now: datetime, records: Records) -> None:
    """Log the export. Raises NotFound if the session was deleted meanwhile."""
    session = chat.consultation_id
    owned(await records.consultations.get(session), account_id, "export")
    if chat.carries:
        await records.audit.append(now, account_id, "export_with_files", session)
    else:
        await records.audit.append(now, account_id, "export", session)


class _Chat:
    """What people wrote and asked for, read page by page: a long chat is never in memory as a whole."""

    def __init__(self, store: Store, consultation_id: str, carries: bool) -> None:
        self.store = store
        self.consultation_id = consultation_id
        self.carries = carries
        "Whether the report carries photos and PDFs, and not only their names."

    async def messages(self) -> AsyncIterator[tuple[ChatMessage, int]]:
        """The messages in order, each with the part of the report that it belongs to."""
        parts = Parts()
        async for page in self.store.read.chat.pages(self.consultation_id):
            for message in page:
                if message.kind in UNREAD_KINDS:
                    stored = self.carried(message.attachment)
                    carried = stored.size if stored else 0
                    yield message, parts.part_of(message.text, carried)

    async def parts(self) -> int:
        """How many parts the report has."""
        parts = 1
        async for _message, part in self.messages():
            parts = part
        return parts

    def carried(self, attachment: Attachment | None) -> StoredPart | None:
        """What the report carries of an attachment."""
        if attachment is None or not self.carries:
            return None
        if attachment.kind == "pdf":
            return StoredPart(ORIGINAL, attachment.size)
        shown = attachment.shown
        return StoredPart(shown.name, shown.size) if shown else None

    async def content(self, attachment: Attachment, stored: StoredPart) -> AsyncIterator[bytes]:
        """The bytes of what is carried, as the process reads them."""
        place = self.consultation_id, attachment.id, stored.name, stored.size
        try:
            async for block in self.store.files.read(*place):
                yield piece(block)
        except NotFound:  # a damaged file is only named; the log has told
            yield BROKEN
        else:
            yield piece(b"")


def _one_of(parts: int, wanted: str) -> int:
    """The number of a part in a query. Raises NotFound."""
    if wanted not in map(str, range(1, parts + 1)):
        raise NotFound
    return int(wanted)


async def _lines(
    chat: _Chat, consultation: Consultation, viewer: Viewer, part: int
) -> AsyncIterator[bytes]:
    """The lines of one part, with what it carries, as the process reads them."""
    read = chat.store.read
    invites = await read.invites.of_consultation(chat.consultation_id)
    authors = await _staff(read, consultation)
    authors |= {
        invite.id: shown_name(viewer, invite.person.name, invite.role) for invite in invites
    }
    number = 0
    async for message, place in chat.messages():
        if place != part:
            continue
        author, attachment = authors.get(message.participant_id, ""), message.attachment
        if message.kind not in MESSAGE_KINDS:
            words = event_sentence(viewer, message.kind, author)
            yield encode(ReportLine("", message.sent_at, words, "request"))
            continue
        stored = chat.carried(attachment)
        number += stored is not None
        file = _file(attachment, number if stored else 0) if attachment else None
        yield encode(ReportLine(author, message.sent_at, message.text, file=file))
        if attachment is not None and stored is not None:
            async for block in chat.content(attachment, stored):
                yield block


def _file(attachment: Attachment, number: int) -> ReportFile:
    return ReportFile(
        attachment.kind, attachment.name, attachment.size, attachment.pages, attachment.turned,
        number,
    )  # fmt: skip


async def _while_there(request: web.Request, work: Coroutine[None, None, T]) -> T | None:
    """Wait for `work`. Cancels it and returns None if the browser disconnects."""
    task = asyncio.create_task(work)
    try:
        while not task.done():
            if has_left(request):
                return None
            await asyncio.wait({task}, timeout=CHECK_SECONDS)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
