"""The call: the ways into it, its tiles, its controls."""

import htpy as h

from web.markup.shared.controls import button
from web.markup.shared.icons import icon
from web.view_models import Viewer


def ways_to_call(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div("#start-call.actions", hidden=True)[
        button("start-video", _("Start video call"), style="primary"),
        button("start-audio", _("Start audio call")),
        button("join-call", _("Join the call"), style="primary", hidden=""),
    ]


def incoming(viewer: Viewer) -> h.Element:
    _ = viewer.translate
    return h.div(
        "#incoming.incoming", role="alertdialog", aria_labelledby="incoming-text", hidden=True
    )[
        h.p("#incoming-text"),
        h.div(".actions")[
            button("accept-call", _("Accept"), style="primary good"),
            button("accept-without-camera", _("Accept without camera")),
            button("decline-call", _("Decline"), style="bad"),
        ],
    ]


def call(viewer: Viewer) -> h.Element:
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
