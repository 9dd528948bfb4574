"""A seat without scripts: the page on which somebody writes, and the lines that refresh in it.

They are two documents, the second in a frame of the first, so that nothing that is being typed is lost
when new lines come. Frames and forms are all that this takes: browsers have had them since the nineties.
The newest line comes first, because nothing but a script can scroll to the last one, and because
iPhones before iOS 13 show a frame in its whole length.
"""

from collections.abc import Iterable
from datetime import datetime

import htpy as h

from signaling.chat import MESSAGE_KINDS
from signaling.text import CAPTION_LENGTH, CHAT_LENGTH
from web.markup.guests.left_behind import left_behind
from web.markup.shared.document import document, message_page
from web.markup.shared.event_lines import event_sentence
from web.markup.shared.labels import (
    appointment,
    clock,
    filled,
    guest_heading,
    is_far_ahead,
    shown_name,
)
from web.markup.shared.phone_call import ask_by_phone_too, write_number
from web.plain_views import PlainFile, PlainLine, PlainLines, PlainView
from web.routes import path
from web.texts.dates import clock_time, file_size, local
from web.texts.directions import apart, isolated
from web.view_models import Viewer

WIDEST, HIGHEST = 260, 240
"CSS pixels that a picture has at most, as in the scripts' chat."
ACCEPT = "image/*,application/pdf,.pdf,.heic,.heif,.avif,.webp"
"Endings for systems that do not know these types."
FRAME = "lines"
"The frame's name: where the link to new messages shows them."


def plain_page(viewer: Viewer, view: PlainView) -> h.Element:
    _ = viewer.translate
    lines = path("seat_plain_lines", invite_id=view.invite_id)
    show_new = h.a(".button", href=lines, target=FRAME)[_("Show new messages")]
    return document(
        viewer,
        viewer.brand,
        h.div(".narrow.plain")[
            h.h1[filled(_("Session with %(name)s"), name=h.bdi[view.host])],
            (view.error or view.other_error) and _refused(viewer, view),
            # scrolls also where the browser shows a frame in its whole length
            h.div(".box")[
                h.iframe(src=lines, name=FRAME, title=_("Chat"))[h.a(href=lines)[_("Chat")]]
            ],
            h.p[show_new],
            _write(viewer, view),
            h.p(".hint")[
                _(
                    "This is the simple page, for browsers in which the full page does not work. "
                    "Here you can read and write messages and send photos and PDFs. Calls are not possible "
                    "here."
                )
            ],
            h.p[h.a(href=path("seat", invite_id=view.invite_id))[_("Try the full page")]],
        ],
        service_user=True,
        data={
            "full": path("seat", invite_id=view.invite_id) if view.full else None,
            # of what is kept in the browser where scripts run
            "seat": f"{view.consultation_id}:{view.invite_id}:",
        },
        stylesheets=("css/room.css", "css/plain.css"),
    )


def _phone(viewer: Viewer, view: PlainView) -> h.Element:
    _ = viewer.translate
    if view.asks_for_phone_call:
        return h.div(".notice.info")[
            h.p[
                _(
                    "You have asked for a call by phone. Keep your phone with you, and this page open."
                )
            ],
            view.number_unknown and write_number(viewer),
        ]
    return h.div[ask_by_phone_too(viewer, view.invite_id)]


def _refused(viewer: Viewer, view: PlainView) -> h.Element:
    _ = viewer.translate
    return h.div("#refused.notice.bad", role="alert")[
        view.error
        and h.p[
            _("%(count)s of %(limit)s characters: shorten it, or send it in parts.")
            % {"count": view.length, "limit": CHAT_LENGTH}
            if view.length
            else view.error
        ],
        view.other_error and h.p[view.other_error],
    ]


def _write(viewer: Viewer, view: PlainView) -> h.Element:
    """One form, so that every button takes along what is typed: else the next page would lose it."""
    return h.form(
        ".compose",
        method="post",
        enctype="multipart/form-data",
        action=path("seat_plain_files", invite_id=view.invite_id),
    )[_message(viewer, view), _attach(viewer, view), _phone(viewer, view)]


def _message(viewer: Viewer, view: PlainView) -> h.Element:
    """Before the file, which is read as it comes."""
    _ = viewer.translate
    return h.div[
        h.input(type="hidden", name="id", value=view.message_id),
        h.input(type="hidden", name="file_id", value=view.file_id),
        h.label(for_="text")[_("Message")],
        h.textarea(
            "#text",
            name="text",
            rows="3",
            dir="auto",
            aria_describedby="refused" if view.error else None,
            aria_invalid="true" if view.error else None,
        )[
            # a line break right after the tag would be lost (HTML, 13.1.2.5)
            f"\n{view.text}" if view.text else ""
        ],
        # its name is sent only if it is pressed
        h.button(".primary", type="submit", name="send", value="1")[_("Send")],
    ]


def _attach(viewer: Viewer, view: PlainView) -> h.Element:
    """The caption comes first: the file is read as it comes, and last."""
    _ = viewer.translate
    length = len(view.caption)
    return h.div[
        h.label(for_="caption")[_("Caption")],
        h.textarea("#caption", name="caption", rows="1", dir="auto")[
            f"\n{view.caption}" if view.caption else ""
        ],
        length > CAPTION_LENGTH
        and h.p(".error")[
            _("This caption has %(count)s of at most %(limit)s characters: please shorten it.")
            % {"count": length, "limit": CAPTION_LENGTH}
        ],
        h.label(for_="file")[_("Attach a photo or PDF")],
        h.input("#file", type="file", name="file", accept=ACCEPT),
        h.button(type="submit")[_("Send the photo or PDF")],
    ]


def plain_lines(viewer: Viewer, view: PlainLines) -> h.Element:
    """The document in the frame: the state of the session, and lines of its chat, newest first."""
    _ = viewer.translate
    own = path("seat_plain_lines", invite_id=view.invite_id)
    older = path("seat_plain_lines", {"before": str(view.before)}, invite_id=view.invite_id)
    return frame(
        viewer,
        view.newest
        and h.div(".lead")[
            h.h1[guest_heading(viewer, view.state)],
            view.planned_at is not None and h.p(".hint")[appointment(viewer, view.planned_at)],
            [h.p[each] for each in _sentences(viewer, view)],
        ],
        not view.newest and h.h1[_("Earlier messages")],
        not view.newest and h.p[h.a(".button", href=own)[_("Go to the newest messages")]],
        h.ul(".lines", aria_label=_("Chat"))[
            [h.li[_line(viewer, line)] for line in reversed(view.lines)]
        ],
        view.before is not None and h.p[h.a(".button", href=older)[_("Show earlier messages")]],
    )


def lost_lines(viewer: Viewer, heading: str, *sentences: str) -> h.Element:
    """The same for whoever has no seat any more."""
    return frame(viewer, h.h1[heading], [h.p[each] for each in sentences if each])


def frame(viewer: Viewer, *body: h.Node) -> h.Element:
    return h.html(".framed", lang=viewer.language, dir=viewer.direction)[
        h.head[
            h.meta(charset="utf-8"),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="robots", content="noindex, nofollow"),
            h.meta(name="color-scheme", content="light dark"),
            h.title[viewer.brand],
            (
                h.link(rel="stylesheet", href=viewer.static(sheet))
                for sheet in ("css/base.css", "css/shapes.css", "css/room.css", "css/plain.css")
            ),
            viewer.colors and h.link(rel="stylesheet", href=viewer.colors),
        ],
        h.body[h.main(".plain")[body]],
    ]


def _sentences(viewer: Viewer, view: PlainLines) -> list[str]:
    _ = viewer.translate
    name = {"name": apart(view.host)}
    if view.state == "kept_open":
        return [_("You can still write messages here.")]
    if view.state == "active":
        here = (
            _("You can write messages now.")
            if view.host_is == "here"
            else _("%(name)s has lost the connection. Please stay here and wait.") % name
        )
        call = _("The others are in a call. This browser cannot take part in it.")
        return [here, *([call] if view.in_call else [])]
    if view.host_is == "here":
        return [_("%(name)s is here. The session will start soon.") % name]
    if view.host_is == "busy":
        return [_("%(name)s is in another session. Please wait.") % name]
    if is_far_ahead(viewer, view.planned_at):
        return [_("You can still write messages here.")]
    return [
        _("%(name)s has not joined yet. Keep this page open; you can already write a message.")
        % name
    ]


def _line(viewer: Viewer, line: PlainLine) -> h.Element:
    _, author = viewer.translate, shown_name(viewer, line.author, line.role)
    if line.kind not in MESSAGE_KINDS:
        return h.div(".event")[
            event_sentence(viewer, line.kind, author), " ", _when(viewer, line.sent_at)
        ]
    return h.div({"class": "line mine" if line.mine else "line"})[
        h.span(".author", dir="auto")[_("You") if line.mine else author],
        line.file is not None and _file(viewer, line, line.file),
        line.text and h.p(".text", dir="auto")[_paragraph(line.text)],
        h.span(".meta")[_when(viewer, line.sent_at)],
    ]


def _when(viewer: Viewer, moment: datetime) -> h.Element:
    """The time of today, or day and time."""
    days = (local(each, viewer.time_zone).date() for each in (moment, viewer.now or moment))
    if len(set(days)) > 1:
        return clock(viewer, moment)
    text = clock_time(moment, viewer.time_zone, viewer.language)
    return h.time(datetime=moment.isoformat(timespec="seconds"), dir="auto")[text]


def _paragraph(text: str) -> str:
    return "\n".join(isolated(each) for each in text.split("\n"))


def _file(viewer: Viewer, line: PlainLine, file: PlainFile) -> h.Element:
    """A photo as a picture, a PDF as a link with its first page."""
    _ = viewer.translate
    share = min(WIDEST / max(file.width, 1), HIGHEST / max(file.height, 1), 1)
    says = line.text or _("Photo from %(name)s") % {
        "name": apart(shown_name(viewer, line.author, line.role))
    }
    picture = file.picture and h.img(
        {"class": f"turned-{file.turned}" if file.turned else None},
        src=file.picture,
        alt="" if file.pdf else says,
        width=str(round(file.width * share)),
        height=str(round(file.height * share)),
    )
    return h.p(".file")[
        # in a page of its own: a frame is small, and leaving this page would lose what is typed
        h.a(href=file.address, target="_blank", rel="noopener")[
            picture, (file.pdf or not picture) and h.bdi[file.name]
        ],
        file.pdf and h.span(".meta")[" ", file_size(file.size, viewer.language)],
    ]


def lost_page(
    viewer: Viewer, heading: str, sentences: Iterable[str], text: str, *, over: str = ""
) -> h.Element:
    """For whoever has no seat here any more, with what they wrote and could not send.

    `over` is their seat in a session that is over: what else is kept of it is shown once more.
    """
    _ = viewer.translate
    left = (
        text.strip()
        and h.div(".notice.warning")[
            h.p[
                _(
                    "You wrote this, and it was not sent. It is shown only once: copy it if you need it."
                )
            ],
            h.p(".text", dir="auto")[text],
        ]
    )
    return message_page(
        viewer,
        heading,
        *sentences,
        more=[left or None, over and left_behind(viewer)],
        data={"over": over} if over else None,
    )
