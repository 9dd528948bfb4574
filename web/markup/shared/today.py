"""Times of today as times of day, by the reader's clock; others with their date."""

from datetime import datetime

import htpy as h

from web.markup.shared.labels import clock
from web.texts.dates import clock_time, local
from web.view_models import Viewer


def days_from_today(viewer: Viewer, moment: datetime) -> int:
    """0 for today, negative for days before."""
    now = viewer.now or moment
    zone = viewer.time_zone
    return (local(moment, zone).date() - local(now, zone).date()).days


def time_of_day(viewer: Viewer, moment: datetime) -> h.Element:
    """The time of day, with the date unless it is today."""
    if days_from_today(viewer, moment) != 0:
        return clock(viewer, moment)
    text = clock_time(moment, viewer.time_zone, viewer.language)
    return h.time(datetime=moment.isoformat(timespec="seconds"), dir="auto")[text]
