"""The device test, as a list of steps that scripts run one after the other."""

import htpy as h

from signaling.device_check import STEPS, Step
from web.markup.guests.in_app import in_app
from web.markup.shared.controls import button, go
from web.markup.shared.document import document
from web.markup.shared.ways_out import ways_out
from web.routes import path
from web.texts.call_costs import TEST_BYTES, megabytes
from web.texts.directions import apart
from web.view_models import DeviceTestView, Viewer


def device_test_page(viewer: Viewer, view: DeviceTestView) -> h.Element:
    _ = viewer.translate
    return document(
        viewer,
        _("Test my device"),
        h.div(".narrow")[
            h.h1[_("Test my device")],
            h.p[
                _(
                    "Check your camera, microphone, speaker and connection before the session. It takes "
                    "about a minute. You can write messages even if something does not work."
                )
            ],
            h.p(".hint")[
                _("The test uses about %(size)s of data.")
                % {"size": apart(megabytes(TEST_BYTES, viewer.language))}
            ],
            h.div(".actions")[
                button("start-test", _("Start the test"), style="primary scripted", disabled=""),
                view.back_path and go(view.back_path, _("Back to the invitation"), id="go-back"),
            ],
            _gray_button(viewer, view),
            in_app(viewer, view.link),
            h.ol("#steps.steps")[(_step(viewer, step) for step in STEPS)],
            h.div("#result.notice", tabindex="-1", hidden=True)[
                h.p("#result-text"), h.p("#result-kept.hint", hidden=True)
            ],
            _templates(viewer),
        ],
        module="js/pages/device-test.js",
        service_user=view.back_path is not None,
        stylesheets=("css/device-test.css",),
        data={
            "result-path": view.result_path,
            "kept": "yes" if view.back_path else None,
            "ice-servers": view.ice_servers,
            "relay-path": view.relay_path,
            "health-path": path("health"),
            "download-path": path("device_test_download"),
            "upload-path": path("device_test_upload"),
        },
    )


def _gray_button(viewer: Viewer, view: DeviceTestView) -> h.Element:
    """Why the test does not start, until the page's scripts run."""
    _ = viewer.translate
    return h.details(".until-scripts")[
        h.summary[_("The test does not start?")],
        h.p[
            _(
                "This browser is still loading the page, does not run scripts, or is too old. In "
                "another browser the test may work:"
            )
        ],
        ways_out(viewer, link=view.link),
    ]


def _step(viewer: Viewer, step: Step) -> h.Element:
    return h.li(".card.step", data_step=step)[
        h.div(".heading")[
            h.h2[_step_label(viewer, step)],
            h.span(".tag.outcome"),
        ],
        h.p(".sentence", role="status"),
        h.div(".area"),
    ]


def _step_label(viewer: Viewer, step: Step) -> str:
    _ = viewer.translate
    return {
        "browser": _("Browser"),
        "camera": _("Camera"),
        "microphone": _("Microphone"),
        "speaker": _("Speaker"),
        "signaling": _("Connection"),
        "media_path": _("Calls through this network"),
        "speed": _("Speed"),
    }[step]


def _templates(viewer: Viewer) -> h.Node:
    _ = viewer.translate
    return [
        h.template("#skip-step")[h.button(".skip-step", type="button")[_("Skip")]],
        h.template("#camera-area")[
            h.video(
                {"muted": True, "playsinline": True, "autoplay": True},
                aria_label=_("Your own picture"),
            )
        ],
        h.template("#microphone-area")[
            h.meter(min="0", max="1", value="0", aria_label=_("Level of your voice"))
        ],
        h.template("#speaker-area")[
            h.div(".actions")[
                h.button(".primary.heard", type="button")[_("I hear the sound")],
                h.button(".unheard", type="button")[_("I hear nothing")],
                h.button(".again", type="button")[_("Play again")],
            ]
        ],
    ]
