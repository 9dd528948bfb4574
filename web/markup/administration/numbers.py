"""The page of numbers: what happened, week by week, in charts and tables that name nobody."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import htpy as h

from signaling.numbers import (
    LONGER,
    QUALITIES,
    UNANSWERED,
    UNKNOWN,
    WAITED,
    WAITING_LABELS,
    Number,
    call_parts,
    delivery_parts,
    monday_of,
)
from web.markup.administration.frame import administration_frame
from web.markup.shared.charts import Column, Series, bar_chart
from web.markup.shared.controls import select, submit
from web.markup.shared.labels import channel_label
from web.routes import path
from web.texts.date_words import date_words
from web.view_models import Form, Viewer

CHANNELS = ("email", "sms", "whatsapp")


@dataclass(frozen=True)
class NumbersView:
    weeks: Sequence[str]
    "ISO 8601, oldest first."
    counts: Mapping[tuple[str, Number], int]
    "(week, what) -> how often."

    def series(self, label: str, kind: str, wanted: Callable[[str], bool]) -> Series:
        """The sums by week of all labels of a kind that are wanted."""
        values = [
            sum(
                count
                for (each, number), count in self.counts.items()
                if each == week and number.kind == kind and wanted(number.label)
            )
            for week in self.weeks
        ]
        return Series(label, values)

    def labels(self, kind: str) -> list[str]:
        """The labels of a kind that occur, in order."""
        return sorted({number.label for _, number in self.counts if number.kind == kind})


def numbers_page(viewer: Viewer, view: NumbersView, spans: Sequence[int]) -> h.Element:
    """`spans` are the numbers of weeks that can be chosen."""
    _ = viewer.translate
    ngettext = viewer.plural
    columns = [_column(viewer, week) for week in view.weeks]
    chosen = str(len(view.weeks))
    options = [
        (str(span), ngettext("%(count)s week", "%(count)s weeks", span) % {"count": span})
        for span in spans
    ]
    return administration_frame(
        viewer,
        _("Numbers"),
        h.p(".hint")[
            _(
                "Counted as it happens, by the week: they stay when sessions are deleted, and say "
                "nothing about anybody."
            )
        ],
        h.form(".filters", action=path("admin_numbers"))[
            select(Form({"weeks": chosen}), "weeks", _("Time"), options),
            submit(_("Show"), quiet=True),
            h.a(".button", href=path("admin_numbers_export"), download=True)[_("Download as CSV")],
        ],
        bar_chart(viewer, _("Planned sessions"), columns, [_planned(viewer, view)]),
        bar_chart(viewer, _("What became of sessions"), columns, _became(viewer, view)),
        bar_chart(viewer, _("Waiting times"), columns, _waiting(viewer, view)),
        bar_chart(viewer, _("Deliveries"), columns, _deliveries(viewer, view)),
        _routes(viewer, view),
        bar_chart(viewer, _("How calls were connected"), columns, _paths(viewer, view)),
        bar_chart(viewer, _("Calls by quality"), columns, _qualities(viewer, view)),
        stylesheets=("css/figures.css",),
    )


def _column(viewer: Viewer, week: str) -> Column:
    _ = viewer.translate
    words, monday = date_words(viewer.language), monday_of(week)
    day = words.write(words.short, monday, short=True)
    return Column(words.write("%d %m", monday, short=True), _("Week of %(day)s") % {"day": day})


def _planned(viewer: Viewer, view: NumbersView) -> Series:
    _ = viewer.translate
    return view.series(_("Planned"), "session", "planned".__eq__)


def _became(viewer: Viewer, view: NumbersView) -> list[Series]:
    _ = viewer.translate
    labels = {"held": _("Held"), "canceled": _("Canceled"), "not_held": _("Not held")}
    return [view.series(text, "session", each.__eq__) for each, text in labels.items()]


def _waiting(viewer: Viewer, view: NumbersView) -> list[Series]:
    _ = viewer.translate
    ngettext = viewer.plural
    labels = {
        f"up_to_{minutes}": ngettext("up to %(count)s minute", "up to %(count)s minutes", minutes)
        % {"count": minutes}
        for minutes in WAITED
    }
    labels[LONGER] = _("longer")
    return [view.series(labels[each], "waiting", each.__eq__) for each in WAITING_LABELS]


def _deliveries(viewer: Viewer, view: NumbersView) -> list[Series]:
    _ = viewer.translate
    handed = [
        view.series(
            channel_label(viewer, channel),
            "delivery",
            partial(_is_handed_over, channel),
        )
        for channel in CHANNELS
    ]
    failed = view.series(
        _("Could not be sent"), "delivery", lambda label: delivery_parts(label)[2] == "failed"
    )
    return [*handed, failed]


def _is_handed_over(channel: str, label: str) -> bool:
    return delivery_parts(label)[::2] == (channel, "handed_over")


def _routes(viewer: Viewer, view: NumbersView) -> h.Node:
    """Deliveries of these weeks by channel and sender."""
    _ = viewer.translate
    totals: dict[tuple[str, str], list[int]] = {}
    for (_week, number), count in view.counts.items():
        if number.kind == "delivery":
            channel, sender, outcome = delivery_parts(number.label)
            sums = totals.setdefault((channel, sender), [0, 0])
            sums[outcome == "failed"] += count
    if not totals:
        return None
    return h.div(".scroll", tabindex="0", role="region", aria_label=_("Deliveries by route"))[
        h.table[
            h.caption[_("Deliveries by route")],
            h.thead[
                h.tr[
                    h.th(scope="col")[_("Channel")],
                    h.th(scope="col")[_("Sender")],
                    h.th(scope="col")[_("Handed over")],
                    h.th(scope="col")[_("Could not be sent")],
                ]
            ],
            h.tbody[
                (
                    h.tr[
                        h.th(scope="row")[channel_label(viewer, channel)],
                        h.td[h.bdi[sender or "–"]],
                        (h.td[str(each)] for each in sums),
                    ]
                    for (channel, sender), sums in sorted(totals.items())
                )
            ],
        ]
    ]


def _paths(viewer: Viewer, view: NumbersView) -> list[Series]:
    _ = viewer.translate
    labels = {
        "mesh": _("Directly"),
        "forwarded": _("Through the relay"),
        UNANSWERED: _("Not answered"),
    }
    return [view.series(text, "call", partial(_has_part, 0, each)) for each, text in labels.items()]


def _has_part(place: int, part: str, label: str) -> bool:
    """Whether a call's label has this path (0) or quality (1)."""
    return call_parts(label)[place] == part


def _qualities(viewer: Viewer, view: NumbersView) -> list[Series]:
    _ = viewer.translate
    labels = dict(
        zip(
            (*QUALITIES, UNKNOWN),
            (_("Good"), _("Fair"), _("Poor"), _("Not known")),
            strict=True,
        )
    )
    return [view.series(text, "call", partial(_has_part, 1, each)) for each, text in labels.items()]
