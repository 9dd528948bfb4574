"""A form during whose editing somebody else changed the same thing: only what was altered in it counts."""

from collections.abc import Iterable, Mapping

import msgspec

from web.forms.invitation import Typed

SHOWN = "shown"
"Hidden field: the values that the form showed when it was opened, as JSON."


def with_shown(values: Mapping[str, str]) -> dict[str, str]:
    """The values of a form that is opened now."""
    return {**values, SHOWN: msgspec.json.encode(dict(values)).decode()}


def merged(
    typed: Typed, now: Mapping[str, str], answers: Iterable[tuple[str, ...]]
) -> dict[str, str]:
    """What was typed; each answer that was left as it was shown is replaced by what holds `now`.

    An answer is the names of the fields that belong together. A form that does not tell what it showed
    is taken as it is.
    """
    shown = _shown(typed)
    if shown is None:
        return dict(typed)
    result = dict(typed)
    for names in answers:
        if all(typed.get(name, "") == shown.get(name, "") for name in names):
            result |= {name: now.get(name, "") for name in names}
    return result | {SHOWN: with_shown(now)[SHOWN]}


def _shown(typed: Typed) -> dict[str, str] | None:
    try:
        return msgspec.json.decode(typed.get(SHOWN, ""), type=dict[str, str])
    except msgspec.DecodeError:
        return None
