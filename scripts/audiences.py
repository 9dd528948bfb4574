"""Who meets a sentence: whether it can reach people who come by link.

They did not choose the language of this service, and most cannot ask anybody. So what they meet is
translated into every language, while the rest may fall back to English.
"""

import re
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.catalog import Message

from signaling import errors
from signaling.notices.notice import Occasion
from signaling.notices.texts import NOTICE_TEXTS

Audience = Literal["service-user", "scheduler"]
"`service-user` is everybody who comes by link; `scheduler` is the rest, administration included."

SCRIPTS = Path("web/static/js")
GUEST_MODULES = ("pages/landing.js", "pages/session.js", "pages/device-test.js", "pages/plain.js")
"What pages for people by link load first."
GUEST_FILES = (
    "signaling/errors.py",
    "signaling/flows/calls/",
    "signaling/flows/notices/composing.py",
    "signaling/text.py",
    "web/attachments/",
    "web/http/no_websocket.py",
    "web/markup/errors.py",
    "web/markup/guests/device_test.py",
    "web/markup/guests/in_app.py",
    "web/markup/guests/landing.py",
    "web/markup/guests/left.py",
    "web/markup/guests/page_text.py",
    "web/markup/guests/plain.py",
    "web/markup/room/",
    "web/markup/shared/document.py",
    "web/markup/shared/phone_call.py",
    "web/markup/shared/until_scripts_run.py",
    "web/markup/shared/ways_out.py",
    "web/markup/shared/event_lines.py",
    "web/pages/plain/",
    "web/pages/uploads.py",
    "web/report/",
    "web/texts/help.py",
    "web/texts/terms.py",
)
"Python whose sentences people by link meet; a folder ends with a slash."
NOTICES = "signaling/notices/texts.py"
ERRORS = "signaling/errors.py"
_COUNTED = ("counted", "counted_seconds")
STAFF_FILES = ("web/markup/room/ending.py",)
"Of these, what only a session's scheduler meets."
STAFF_ERRORS = (
    errors.SecondFactorMissing,
    errors.WebhookRefused,
    errors.TooManyGuesses,
    errors.TooMuchSent,
    errors.TooMuchForOne,
    errors.ReportNotDrawn,
    errors.ReportsBusy,
)
"Only somebody who is signed in, or signs in, meets them."
TO_STAFF: tuple[Occasion, ...] = (
    "interpreter_request",
    "interpreter_request_moved",
    "interpreter_request_withdrawn",
    "interpreter_unavailable",
    "left_open",
)
"Occasions of notices to organizations and schedulers, in the scheduler's language."
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)\"""")


def meets(message: Message, root: Path) -> set[Audience]:
    """The audiences of a sentence with its locations in the source."""
    key = message.id if isinstance(message.id, str) else message.id[0]
    return {
        "service-user" if _by_link(path, key, root) else "scheduler"
        for path, _line in message.locations
    }


def _by_link(path: str, key: str, root: Path) -> bool:
    if path == NOTICES:
        return key in _invited_read()
    if path == ERRORS and key in _staff_errors():
        return False
    if path.endswith(".js"):
        return path in guest_modules(root)
    return path not in STAFF_FILES and any(
        path.startswith(each) if each.endswith("/") else path == each for each in GUEST_FILES
    )


@cache
def _staff_errors() -> frozenset[str]:
    counted = (getattr(error, name, ()) for error in STAFF_ERRORS for name in _COUNTED)
    return frozenset(
        {error.sentence for error in STAFF_ERRORS}
        | {forms[0] for forms in counted if forms} - {errors.TooManyRequests.counted[0]}
    )


@cache
def _invited_read() -> frozenset[str]:
    """The texts of notices to people with an invite."""
    texts = [text for occasion, text in NOTICE_TEXTS.items() if occasion not in TO_STAFF]
    return frozenset(part for text in texts for part in (text.subject, text.mail, text.short))


@cache
def guest_modules(root: Path) -> frozenset[str]:
    """Paths of all modules that pages for people by link load, at once or later."""
    folder = (root / SCRIPTS).resolve()
    found: set[Path] = set()
    open_ends = [folder / module for module in GUEST_MODULES]
    while open_ends:
        module = open_ends.pop()
        if module in found:
            continue
        found.add(module)
        source = module.read_text(encoding="utf-8")
        open_ends += [(module.parent / name).resolve() for name in _IMPORT.findall(_code(source))]
    return frozenset((SCRIPTS / module.relative_to(folder)).as_posix() for module in found)


def _code(source: str) -> str:
    """Without comments, whose imports are of types only."""
    return re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
