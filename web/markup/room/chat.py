"""The chat: its lines, what is written, the ways to attach a file, and who is there."""

import htpy as h

from signaling.flows.sessions.uploading import AT_ONCE
from signaling.identifier import new_id
from signaling.text import CAPTION_LENGTH, CHAT_LENGTH
from web.markup.shared.controls import button
from web.markup.shared.icons import drawn_icon
from web.routes import path
from web.view_models import Viewer


def chat(
    viewer: Viewer, *, scheduler: bool, invite_id: str | None = None, offline: bool = False
) -> h.Element:
    """`invite_id`: where a message goes that is sent before the scripts run, or where they never do."""
    _ = viewer.translate
    return h.section("#chat.chat", aria_label=_("Chat"))[
        h.details("#people.people")[
            h.summary[_("People"), " ", h.span("#people-count.tag")],
            h.ul("#people-list"),
        ],
        h.div("#chat-scroll.scroll", tabindex="0")[
            button("earlier-lines", _("Show earlier messages"), style="more", hidden=""),
            h.div("#chat-lines.lines", role="log", aria_label=_("Chat")),
            button("later-lines", _("Show later messages"), style="more", hidden=""),
        ],
        h.div(".jump")[
            h.button("#newest-lines", type="button", hidden=True)[
                _("Go to the newest messages"), " ", h.span("#unread-count.tag")
            ]
        ],
        h.p("#nearly-full.hint", role="status", hidden=True)[
            _("This chat is nearly full. Soon you will need a new session to go on writing.")
        ],
        h.p("#not-kept.hint", role="status", hidden=True)[
            _("This browser keeps nothing. Leave this page open until your messages are sent.")
        ],
        _write(viewer, invite_id, offline=offline),
        scheduler and _ask_photo(viewer),
        h.div("#too-long.actions", hidden=True)[
            h.p("#too-long-text.error", role="status"),
            button("send-parts", _("Send in parts")),
        ],
        h.p("#chat-closed.hint", hidden=True)[_("This session is closed.")],
    ]


def _write(viewer: Viewer, invite_id: str | None, *, offline: bool) -> h.Element:
    _ = viewer.translate
    return h.form(
        "#chat-form.write",
        method="post" if invite_id else "dialog",
        action=invite_id and path("seat_plain_message", {"full": ""}, invite_id=invite_id),
    )[
        # a page that a browser keeps would give all its messages one id
        invite_id and not offline and h.input(type="hidden", name="id", value=new_id()),
        h.ul("#chosen-files", aria_label=_("Chosen files"), aria_live="polite", hidden=True),
        h.p("#file-words.error", role="alert", hidden=True),
        h.label(for_="chat-text")[_("Message")],
        h.textarea(
            "#chat-text",
            name="text" if invite_id else None,
            placeholder=" ",  # CSS tells by it whether something is typed
            rows="1",
            dir="auto",
            data_limit=str(CHAT_LENGTH),
            enterkeyhint="send",
            autocomplete="off",
        ),
        h.button(".primary", type="submit")[_("Send")],
        _ways_to_attach(viewer),
    ]


def _ways_to_attach(viewer: Viewer) -> h.Element:
    """Buttons instead of the inputs themselves, which no style sheet makes look like one."""
    _ = viewer.translate
    return h.div(".actions.attach")[
        h.button("#attach-file", type="button")[
            drawn_icon(viewer, "attach"), _("Attach a photo or PDF")
        ],
        # shown on devices that are held in a hand
        h.button("#take-photo", type="button")[drawn_icon(viewer, "photo"), _("Take a photo")],
        h.input(
            "#choose-files",
            type="file",
            # endings for systems that do not know these types
            accept="image/*,application/pdf,.pdf,.heic,.heif,.avif,.webp",
            multiple=True,
            hidden=True,
            data_megabytes=f"{viewer.file_megabytes:g}",
            data_at_once=str(AT_ONCE),
            data_caption_limit=str(CAPTION_LENGTH),
        ),
        h.input(
            "#take-photo-file", type="file", accept="image/*", capture="environment", hidden=True
        ),
    ]


def _ask_photo(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div("#ask-photo.ask-photo", hidden=True)[
        button("ask-photo-now", _("Ask for a photo")),
        h.select("#ask-photo-whom", aria_label=_("Whom to ask"), hidden=True),
        h.span("#ask-photo-state.hint", role="status"),
    ]
