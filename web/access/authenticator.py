"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and steps of thirty seconds.

These are the only parameters that every app knows; several ignore any others.
"""

from datetime import datetime, timedelta

import pyotp
from pyotp.exceptions import OTPVerificationError

STEP = timedelta(seconds=30)
TOLERANCE = 2
"Steps before and after the present one: a phone's clock may differ by a minute."
DIGITS = 6
LOOKED_AT = 120
"Steps, of an hour, in which a code is looked for that does not fit, to see what the clock is."


def new_secret() -> str:
    """160 random bits, as many as the hash has (RFC 4226, section 4, R6), in base32."""
    return pyotp.random_base32()


def address(secret: str, email: str, service: str) -> str:
    """The address that apps take from a QR code (the Key URI Format)."""
    return pyotp.TOTP(secret, name=email, issuer=service).provisioning_uri()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that the code is of; None if it is of none around now."""
    return _find(secret, code, now, TOLERANCE)


def is_code(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def minutes_behind(secret: str, code: str, now: datetime) -> int:
    """By how many minutes the phone's clock is slow, judged by a code that is over; 0: it is not.

    That reveals nothing to somebody who guesses: what is over opens nothing. Whether a code will fit
    later on must not be told to them.
    """
    half = LOOKED_AT // 2
    middle = now - (half + TOLERANCE + 1) * STEP
    return _minutes(_find(secret, code, middle, half), now)


def minutes_off(secret: str, code: str, now: datetime) -> int:
    """By how many minutes the phone's clock is slow, or fast if negative; 0: neither.

    Only for somebody who knows the secret anyway, as it is set up.
    """
    return _minutes(_find(secret, code, now, LOOKED_AT), now)


def _minutes(step: int | None, now: datetime) -> int:
    if step is None:
        return 0
    steps = int(now.timestamp()) // int(STEP.total_seconds()) - step
    return round(steps * STEP / timedelta(minutes=1))


def _find(secret: str, code: str, moment: datetime, window: int) -> int | None:
    if not is_code(code):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=moment, valid_window=window
        )
    except OTPVerificationError:
        return None
