"""When a delivery attempt is tried again, and when it is given up."""

from datetime import datetime, timedelta

FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0
GIVE_UP_AFTER = timedelta(hours=24)


def next_try(
    tries: int,
    first_try_at: datetime,
    now: datetime,
    random: float,
    wait_s: float | None = None,
) -> datetime | None:
    """When to retry after `tries` tries (at least 1); None: give up, 24 h after the first.

    Waits 30 s, doubled each time up to an hour, with a jitter of a quarter: `random` in [0, 1)
    spreads what failed together. `wait_s` is the least the server asks for.
    """
    wait = min(FIRST_WAIT_S * 2 ** min(tries - 1, 30), LONGEST_WAIT_S) * (0.75 + random / 2)
    at = now + timedelta(seconds=max(wait, wait_s or 0.0))
    return at if at - first_try_at <= GIVE_UP_AFTER else None
