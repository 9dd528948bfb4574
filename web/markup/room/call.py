"""The call: the ways into it, its tiles, its controls."""

from collections.abc import Callable
from functools import lru_cache

import htpy as h

from web.markup.shared.controls import button
from web.markup.shared.icons import icon_of_call

Translate = Callable[[str], str]


@lru_cache(maxsize=64)
def call_markup(translate: Translate) -> str:
    """All of a call, for the page of somebody who waits for one; `js/room/call/markup.js` puts it there."""
    groups = {
        "notice": incoming(translate),
        "greenroom": call(translate),
        "no-calls-ways": ways_to_call(translate),
        "chat": tile(),
    }
    return str(h.body[(h.div(data_after=place)[group] for place, group in groups.items())])


def ways_to_call(translate: Translate) -> h.Element:
    _ = translate
    return h.div("#start-call.actions", hidden=True)[
        button("start-video", _("Start video call"), style="primary"),
        button("start-audio", _("Start audio call")),
        button("join-call", _("Join the call"), style="primary", hidden=""),
    ]


def incoming(translate: Translate) -> h.Element:
    _ = translate
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


def call(translate: Translate) -> h.Node:
    """What is said during the call, which lies over its pictures, and the call itself."""
    _ = translate
    return h.fragment[
        h.div(".call-words")[
            h.p("#quality", role="status", hidden=True),
            h.p("#device-words.notice.warning", role="status", hidden=True),
            h.p("#muted-hint.notice.warning", role="status", hidden=True)[
                _("You are muted. Turn the microphone on to be heard.")
            ],
        ],
        h.div("#call.call", hidden=True)[
            h.div("#tiles.tiles"),
            h.figure("#self-tile.tile.self", hidden=True)[
                h.video(
                    {"data-self": True, "muted": True, "playsinline": True, "autoplay": True},
                    aria_label=_("Your own picture"),
                ),
                h.figcaption[_("You")],
                button("move-self", "", style="cover", aria_label=_("Move your own picture")),
            ],
            button("hear", _("Tap to turn on the sound"), style="primary hear", hidden=""),
            h.div(".preview", role="status")[button("chat-preview", "", hidden="")],
            _bar(translate),
        ],
    ]


def _bar(translate: Translate) -> h.Element:
    """Each button has its place from the beginning, so that none moves under a finger."""
    _ = translate

    def press(identifier: str, symbol: str, label: str, **states: str) -> h.Element:
        # the name is the caption: whoever speaks to a device says what is written there
        attributes = {key.replace("_", "-"): value for key, value in states.items()}
        return h.button(
            {"id": identifier, "class": "round", "type": "button", "aria-label": label},
            attributes,
        )[icon_of_call(symbol), h.span(".caption", aria_hidden="true")[label]]

    def toggle(identifier: str, symbol: str, label: str) -> h.Element:
        return press(identifier, symbol, label, aria_pressed="false")

    return h.div(".call-bar", role="group", aria_label=_("Call controls"))[
        toggle("microphone", "microphone", _("Microphone")),
        toggle("camera", "camera", _("Camera")),
        press("switch-camera", "switch", _("Switch camera")),
        toggle("share-screen", "screen", _("Share screen")),
        press(
            "chat-toggle",
            "chat",
            _("Chat"),
            aria_expanded="false",
            aria_controls="chat",
            aria_describedby="unread-count",
        ),
        press("hang-up", "hang-up", _("Hang up")),
        toggle("audio-only", "sound", _("Audio only")),
        toggle("fill", "fill", _("Fill")),
        toggle("full-screen", "full", _("Full screen")),
        toggle("small-window", "small", _("Small window")),
        _device_choice(translate),
        h.meter("#level", value="0", aria_label=_("Level of your voice")),
    ]


def _device_choice(translate: Translate) -> h.Element:
    _ = translate
    label = _("Microphone, camera and speaker")
    choices = (
        ("choose-microphone", _("Microphone")),
        ("choose-camera", _("Camera")),
        ("choose-speaker", _("Speaker")),
    )
    return h.details("#device-choice", hidden=True)[
        h.summary(".round", aria_label=label)[
            icon_of_call("devices"), h.span(".caption", aria_hidden="true")[label]
        ],
        h.div[
            (
                h.p(hidden=True)[h.label(for_=identifier)[name], h.select(id=identifier)]
                for identifier, name in choices
            )
        ],
    ]


def tile() -> h.Element:
    """The template of somebody's picture."""
    return h.template("#tile")[
        h.figure(".tile")[
            h.video(playsinline=True, autoplay=True),
            h.span(".initial", aria_hidden="true"),
            h.figcaption[h.span(".name", dir="auto"), " ", h.span(".status")],
            h.button(".cover", type="button", aria_pressed="false"),
        ]
    ]
