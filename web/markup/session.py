"""The session page: waiting, chat and call. Everything live comes over the socket."""

import htpy as h

from signaling.flows.sessions.uploading import AT_ONCE
from signaling.text import CAPTION_LENGTH, CHAT_LENGTH
from web.markup.desk.history import export_button, export_dialog
from web.markup.shared.controls import action, button
from web.markup.shared.document import document, message_page
from web.markup.shared.icons import icon
from web.markup.shared.labels import appointment, filled
from web.routes import path
from web.view_models import SessionView, Viewer


def session_page(viewer: Viewer, view: SessionView) -> h.Element:
    _ = viewer.translate
    scheduler = view.invite_id is None
    uploads, files = _file_addresses(view)
    return document(
        viewer,
        view.title,
        h.div("#room.room.scripted", data_phase="connecting")[
            h.p("#connection.notice.warning", role="status", hidden=True),
            h.section(".stage", aria_label=_("Session"))[
                _lead(viewer, view, scheduler),
                h.p("#notice.notice.warning", role="alert", hidden=True),
                _incoming(viewer),
                _call(viewer),
                h.p("#no-calls.notice.warning", role="status", hidden=True),
                _ways_to_call(viewer),
                scheduler and _link_again(viewer, view),
                scheduler and _after_closing(viewer, view),
            ],
            _chat(viewer, scheduler=scheduler),
            scheduler and _terminate_dialog(viewer),
            scheduler and export_dialog(viewer),
            _templates(viewer),
        ],
        module="js/pages/session.js",
        service_user=not scheduler,
        wide=True,
        stylesheets=("css/room.css",),
        data={
            "consultation-id": view.consultation_id,
            "invite-id": view.invite_id,
            "participant-id": view.participant_id,
            "role": "scheduler" if scheduler else "guest",
            "icons": viewer.static("icons.svg"),
            "retention-hours": str(viewer.retention_hours),
            "uploads": uploads,
            "files": files,
        },
    )


def _file_addresses(view: SessionView) -> tuple[str, str]:
    """Where this page sends files, and below what it fetches them."""
    if view.invite_id is None:
        parts = {"consultation_id": view.consultation_id}
        return path("session_uploads", **parts), path("session_files", **parts)
    parts = {"invite_id": view.invite_id}
    return path("seat_uploads", **parts), path("seat_files", **parts)


def _lead(viewer: Viewer, view: SessionView, scheduler: bool) -> h.Element:
    """The heading, the state of the session, and the scheduler's next step."""
    _ = viewer.translate
    return h.div(".lead")[
        h.h1("#heading")[h.bdi[view.title] if scheduler else _("You are in the waiting room")],
        not scheduler
        and h.p(".hint")[filled(_("Session with %(name)s"), name=h.bdi[view.scheduler_name])],
        view.planned_at is not None and h.p(".hint")[appointment(viewer, view.planned_at)],
        h.p("#other-side", role="status")[_("Loading…")],
        h.p[h.span("#connected.tag")[_("Connected")]],
        h.p("#quality.hint", hidden=True),
        button("use-here", _("Use here"), style="primary", hidden=""),
        scheduler
        and h.div(".actions")[
            button(
                "start-session",
                _("Start the session"),
                style="primary",
                disabled="",
                hidden="",
                aria_describedby="start-reason",
            ),
            button("resume-session", _("Resume the session"), style="primary", hidden=""),
            button("terminate-session", _("Terminate the session"), hidden=""),
            # in a new tab, as leaving this page would end the call
            view.may_invite
            and h.a(
                ".button",
                href=path("session_people", consultation_id=view.consultation_id),
                target="_blank",
                rel="noopener",
            )[_("Invite a colleague")],
            h.p("#start-reason.hint", hidden=True)[
                _("The session cannot start yet: the other person is not connected.")
            ],
        ],
    ]


def _ways_to_call(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div("#start-call.actions", hidden=True)[
        button("start-video", _("Start video call"), style="primary"),
        button("start-audio", _("Start audio call")),
        button("join-call", _("Join the call"), style="primary", hidden=""),
    ]


def _incoming(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div(
        "#incoming.incoming", role="alertdialog", aria_labelledby="incoming-text", hidden=True
    )[
        h.p("#incoming-text"),
        h.div(".actions")[
            button("accept-call", _("Accept"), style="primary good"),
            button("decline-call", _("Decline"), style="bad"),
        ],
    ]


def _call(viewer: Viewer) -> h.Element:
    _ = viewer.translate

    def toggle(identifier: str, symbol: str, label: str) -> h.Element:
        return h.button(
            f"#{identifier}.round", type="button", aria_pressed="false", aria_label=label
        )[icon(viewer, symbol), h.span(".caption", aria_hidden="true")[label]]

    def press(identifier: str, symbol: str, label: str, style: str = "") -> h.Element:
        return h.button(
            {"id": identifier, "class": f"round {style}", "type": "button", "aria-label": label}
        )[icon(viewer, symbol), h.span(".caption", aria_hidden="true")[label]]

    return h.div("#call.call", hidden=True)[
        h.div("#tiles.tiles"),
        h.figure("#self-tile.tile.self", hidden=True)[
            h.video(
                {"data-self": True, "muted": True, "playsinline": True, "autoplay": True},
                aria_label=_("Your own picture"),
            ),
            h.figcaption[_("You")],
        ],
        button("hear", _("Tap to hear"), style="primary hear", hidden=""),
        h.p("#device-words.notice.warning", role="status", hidden=True),
        h.p("#muted-hint.notice.warning", role="status", hidden=True)[
            _("You are muted. Turn the microphone on to be heard.")
        ],
        h.div(".call-bar", role="group", aria_label=_("Call controls"))[
            toggle("microphone", "microphone", _("Microphone")),
            toggle("camera", "camera", _("Camera")),
            press("switch-camera", "switch", _("Switch camera")),
            toggle("share-screen", "screen", _("Share screen")),
            toggle("audio-only", "sound", _("Audio only")),
            press("hang-up", "hang-up", _("Hang up"), "bad"),
            h.meter("#level", min="0", max="1", value="0", aria_label=_("Level of your voice")),
        ],
        h.details("#device-choice.device-choice", hidden=True)[
            h.summary[_("Choose devices")],
            h.div[
                (
                    h.p(hidden=True)[h.label(for_=identifier)[label], h.select(id=identifier)]
                    for identifier, label in (
                        ("choose-microphone", _("Use this microphone")),
                        ("choose-camera", _("Use this camera")),
                        ("choose-speaker", _("Use this speaker")),
                    )
                )
            ],
        ],
    ]


def _ask_photo(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div("#ask-photo.ask-photo", hidden=True)[
        button("ask-photo-now", _("Ask for a photo")),
        h.select("#ask-photo-whom", aria_label=_("Whom to ask"), hidden=True),
        h.span("#ask-photo-state.hint", role="status"),
    ]


def _chat(viewer: Viewer, *, scheduler: bool) -> h.Element:
    _ = viewer.translate
    return h.section(".chat", aria_label=_("Chat"))[
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
        h.form("#chat-form.write", method="dialog")[
            h.ul("#chosen-files", aria_label=_("Chosen files"), aria_live="polite", hidden=True),
            h.p("#file-words.error", role="alert", hidden=True),
            h.textarea(
                "#chat-text",
                aria_label=_("Message"),
                placeholder=_("Message"),
                rows="1",
                dir="auto",
                data_limit=str(CHAT_LENGTH),
                enterkeyhint="send",
                autocomplete="off",
            ),
            h.button(".primary", type="submit")[_("Send")],
            _ways_to_attach(viewer),
        ],
        scheduler and _ask_photo(viewer),
        h.div("#too-long.actions", hidden=True)[
            h.p("#too-long-text.error", role="status"),
            button("send-parts", _("Send in parts")),
        ],
        h.p("#chat-closed.hint", hidden=True)[_("This session is closed.")],
    ]


def _ways_to_attach(viewer: Viewer) -> h.Element:
    """Buttons instead of the inputs themselves, which no style sheet makes look like one."""
    _ = viewer.translate
    return h.div(".actions.attach")[
        h.button("#attach-file", type="button")[icon(viewer, "attach"), _("Attach a photo or PDF")],
        # shown on devices that are held in a hand
        h.button("#take-photo", type="button")[icon(viewer, "photo"), _("Take a photo")],
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


def _after_closing(viewer: Viewer, view: SessionView) -> h.Element:
    _ = viewer.translate
    address = path("reopen_session", consultation_id=view.consultation_id)
    return h.div("#after-closing.actions", hidden=True)[
        export_button(viewer, view.consultation_id), action(address, _("Reopen"))
    ]


def _link_again(viewer: Viewer, view: SessionView) -> h.Node:
    """Sends links again to people who may not know that they can come back."""
    _ = viewer.translate
    return (
        bool(view.reachable)
        and h.div("#link-again", hidden=True)[
            h.p(".hint")[
                _("Nobody is notified that this session is open. Send the link again to:")
            ],
            h.div(".actions")[
                (
                    action(
                        path("invite_send_again", {"back": "session"}, invite_id=invite_id), name
                    )
                    for invite_id, name in view.reachable
                )
            ],
        ]
    )


def _terminate_dialog(viewer: Viewer) -> h.Element:
    _, ngettext = viewer.translate, viewer.plural
    choices = [
        (
            "close",
            _("Close"),
            ngettext(
                "You can come back for %(hours)s hour. Then every trace is deleted.",
                "You can come back for %(hours)s hours. Then every trace is deleted.",
                viewer.retention_hours,
            )
            % {"hours": viewer.retention_hours},
        ),
        (
            "keep_open",
            _("Terminate but keep open"),
            _("The call ends; messages and calls can be taken up again later."),
        ),
        ("", _("Stay in the session"), ""),
    ]
    return h.dialog("#terminate-dialog", aria_labelledby="terminate-title")[
        h.h2("#terminate-title")[_("Terminate the session")],
        h.form(method="dialog")[
            h.ul(".choices")[
                (
                    h.li[
                        h.button(
                            {
                                "type": "submit",
                                "value": value,
                                "class": None if value else "primary",
                                "autofocus": not value,
                                "aria-describedby": f"choice-{value}" if text else None,
                            }
                        )[label],
                        text and h.p(f"#choice-{value}.hint")[text],
                    ]
                    for value, label, text in choices
                )
            ]
        ],
    ]


def _templates(viewer: Viewer) -> h.Node:
    """Templates of what the browser repeats; scripts fill them by `textContent`."""
    _ = viewer.translate
    return [
        h.template("#chat-line")[
            h.div(".line")[
                h.span(".author", dir="auto"),
                h.p(".text", dir="auto"),
                h.span(".meta")[h.time, " ", h.span(".state")],
            ]
        ],
        h.template("#unsent")[
            h.div(".actions")[
                h.button(".copy", type="button")[_("Copy")],
                h.button(".again", type="button")[_("Send again")],
                h.span(".done", role="status"),
            ]
        ],
        h.template("#unread-line")[h.p(".unread")[h.span[_("New messages")]]],
        h.template("#event-line")[h.div(".event")[h.span(".text"), " ", h.time]],
        h.template("#person")[
            h.li[h.span(".name", dir="auto"), " ", h.span(".tag.role"), " ", h.span(".tag.online")]
        ],
        h.template("#tile")[
            h.figure(".tile")[
                h.video(playsinline=True, autoplay=True),
                h.span(".initial", aria_hidden="true"),
                h.figcaption[h.span(".name", dir="auto"), " ", h.span(".status")],
            ]
        ],
    ]


def moved_page(viewer: Viewer) -> h.Element:
    """For a device whose seat another one has taken."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("This session continues on another device"),
        _("To come back to this one, open your link again."),
    )


def no_place_page(viewer: Viewer) -> h.Element:
    """For a browser without a cookie of a seat: it was not kept, or has expired."""
    _ = viewer.translate
    return message_page(
        viewer,
        _("This browser has no place in the session"),
        _("To come in, please open your link again."),
        _(
            "If this page comes back after you have joined, your browser keeps no cookies. "
            "Please allow them for this page, or open the link in another browser."
        ),
    )
