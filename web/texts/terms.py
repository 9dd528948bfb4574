"""The default terms that people who come by link accept, from the catalogs, as Markdown."""

from signaling.errors import N_
from web.texts.catalogs import Language

SEEN_HERE_ONLY = N_(
    "Only the people in this session see and hear what you write, say and show here."
)
NOT_RECORDED = N_(
    "Sound and picture are not recorded by this service. Please do not record them either."
)
NO_EMERGENCY = N_(
    "This is not an emergency service. In an emergency, call your local emergency number."
)
SENTENCES = (SEEN_HERE_ONLY, NOT_RECORDED, NO_EMERGENCY)
"All that are the same for every retention."


def default_terms(language: Language, hours: int) -> str:
    """The terms where closed sessions are kept for so many hours; the number itself is `$hours`."""
    _ = language.translate
    kept = language.plural(
        "Messages are kept encrypted, and deleted %(hours)s hour after the session is closed.",
        "Messages are kept encrypted, and deleted %(hours)s hours after the session is closed.",
        hours,
    ) % {"hours": "$hours"}
    lines = (_(SEEN_HERE_ONLY), _(NOT_RECORDED), kept, _(NO_EMERGENCY))
    return "\n".join(f"- {line}" for line in lines)
