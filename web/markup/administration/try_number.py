""" "Try this number": what would happen to a message, below the routes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import htpy as h

from signaling.notices.notice import Outcome, Sent
from signaling.notices.reasons import REASONS
from web.markup.shared.controls import field, notice
from web.markup.shared.labels import channel_label
from web.routes import path
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class TrialWay:
    """One way to write to the number."""

    channel: Literal["sms", "whatsapp"]
    sender: str
    "Of its route; empty: the account's own."
    state: Literal["open", "not_set_up", "closed"]
    "`closed`: no route allows it."
    cost: str
    "Of the test message, with its currency; empty if unknown."


@dataclass(frozen=True)
class Trial:
    shown: str
    "The number, formatted."
    country: str
    ways: Sequence[TrialWay]
    "In the order in which they are tried; closed ones last."
    in_the_outbox: bool
    "Whether messages are written to the outbox instead of being sent."
    outcome: Outcome | None
    "Of the test message; None: none was sent."


def try_number(viewer: Viewer, form: Form, trial: Trial | None) -> list[h.Node]:
    _ = viewer.translate
    return [
        h.h2("#try")[_("Try this number")],
        h.form(".card", method="post", action=path("admin_try_number"))[
            field(
                form,
                "number",
                _("Mobile number"),
                hint=_("Shows by which route a message would go there. Nothing is sent."),
                direction="ltr",
            ),
            h.div(".actions")[
                h.button(type="submit", name="step", value="show")[_("Try this number")],
                trial is not None
                and any(way.state == "open" for way in trial.ways)
                and h.button(type="submit", name="step", value="send")[_("Send a test message")],
            ],
        ],
        trial is not None and _trial(viewer, trial),
    ]


def _trial(viewer: Viewer, trial: Trial) -> h.Element:
    _ = viewer.translate
    first = next((way for way in trial.ways if way.state == "open"), None)
    return h.section("#trial", aria_live="polite")[
        trial.outcome is not None and _outcome(viewer, trial),
        h.h3[h.bdi(dir="ltr")[trial.shown], trial.country and f" · {trial.country}"],
        h.p[
            _("Messages may be sent to this number.")
            if first
            else _("No message is sent to this number.")
        ],
        trial.in_the_outbox
        and h.p[_("No provider is set up, so messages are written to the outbox.")],
        h.ol(".list")[(_way(viewer, way, way is first) for way in trial.ways)],
    ]


def _way(viewer: Viewer, way: TrialWay, is_first: bool) -> h.Element:
    _ = viewer.translate
    states = {
        "open": _("Is tried first") if is_first else _("Is tried if the ways before fail"),
        "not_set_up": _("A route allows it, but it is not set up on this server"),
        "closed": _("No route allows it"),
    }
    facts = [states[way.state]]
    if way.sender:
        facts.append(_("Sender: %(sender)s") % {"sender": way.sender})
    if way.state == "open" and way.channel == "sms":
        facts.append(
            _("The test message costs %(price)s") % {"price": way.cost}
            if way.cost
            else _("The price is not known")
        )
    return h.li(".row")[
        h.div(".who")[h.strong[channel_label(viewer, way.channel)], h.p(".hint")[" · ".join(facts)]]
    ]


def _outcome(viewer: Viewer, trial: Trial) -> h.Element:
    _ = viewer.translate
    outcome = trial.outcome
    if isinstance(outcome, Sent):
        done = _("The test message is on its way.")
        return notice(
            _("The test message is in the outbox.") if trial.in_the_outbox else done, kind="good"
        )
    reason = REASONS.get(outcome.reason, "") if outcome is not None else ""
    return notice(
        [_("The test message was not sent."), " ", _(reason) if reason else ""], kind="bad"
    )
