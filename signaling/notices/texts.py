"""Texts of notices: one English source text per occasion and channel, for the catalogs.

Texts are Markdown with `$placeholders`, readable as plain text too. They say who invites and when,
never why: no clinical content, no chat text.
"""

import re
from dataclasses import dataclass
from string import Template as Placeholders
from typing import Literal

from signaling.errors import N_, InvalidInput
from signaling.notices.notice import Occasion
from signaling.text import one_line, paragraphs

Part = Literal["subject", "mail", "short"]

PLACEHOLDERS = {
    "name": N_("name of the person written to"),
    "scheduler": N_("name of the person who invites"),
    "link": N_("the personal link"),
    "test_link": N_("the personal link of the device test"),
    "moment": N_("date, time and time zone of the session"),
    "note": N_("the note of the scheduler, may be empty"),
    "languages": N_("the languages between which somebody interprets"),
    "duration": N_("the expected duration in minutes"),
    "until": N_("when an interpreter request expires"),
}
"placeholder -> its meaning"


@dataclass(frozen=True)
class NoticeText:
    subject: str
    mail: str
    short: str
    "For SMS; WhatsApp uses the operator's approved template."


NOTICE_TEXTS: dict[Occasion, NoticeText] = {
    "invitation": NoticeText(
        subject=N_("Invitation to a session"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler invites you to a session now, by chat, audio or video.\n\n"
            "Open this link on your phone or computer to join:\n\n"
            "$link\n\n"
            "The link is for you only. Please do not pass it on.\n\n"
            "$note"
        ),
        short=N_("$scheduler invites you to a session. Join: $link"),
    ),
    "planned_invitation": NoticeText(
        subject=N_("Invitation to a planned session"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler invites you to a session, by chat, audio or video.\n\n"
            "**$moment**\n\n"
            "Open this link at that time to join:\n\n"
            "$link\n\n"
            "Test your phone or computer beforehand:\n\n"
            "$test_link\n\n"
            "The links are for you only. Please do not pass them on.\n\n"
            "$note"
        ),
        short=N_("$scheduler invites you to a session: $moment. Join: $link"),
    ),
    "moved": NoticeText(
        subject=N_("Your session has been moved"),
        mail=N_(
            "Hello $name,\n\n"
            "Your session with $scheduler has been moved. The new date:\n\n"
            "**$moment**\n\n"
            "The link stays the same:\n\n"
            "$link\n\n"
            "$note"
        ),
        short=N_("Your session with $scheduler has been moved: $moment. Join: $link"),
    ),
    "canceled": NoticeText(
        subject=N_("Your session has been canceled"),
        mail=N_(
            "Hello $name,\n\n"
            "Your session with $scheduler has been canceled. The link no longer works.\n\n"
            "$moment"
        ),
        short=N_("The session with $scheduler has been canceled. $moment"),
    ),
    "removed": NoticeText(
        subject=N_("You no longer need to attend the session"),
        mail=N_(
            "Hello $name,\n\n"
            "You no longer need to attend the session with $scheduler. Your link no longer works.\n\n"
            "$moment"
        ),
        short=N_("You no longer need to attend the session with $scheduler. $moment"),
    ),
    "interpreter_request": NoticeText(
        subject=N_("Request for an interpreter"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler asks for an interpreter.\n\n"
            "Languages: $languages\n\n"
            "Date: $moment\n\n"
            "Expected duration: $duration minutes\n\n"
            "Please accept or decline here:\n\n"
            "$link\n\n"
            "Please answer by $until. After that, this request can no longer be accepted."
        ),
        short="",
    ),
    "interpreter_request_moved": NoticeText(
        subject=N_("Request for an interpreter: new date"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler has moved the session that needs an interpreter.\n\n"
            "Languages: $languages\n\n"
            "New date: $moment\n\n"
            "Expected duration: $duration minutes\n\n"
            "Please accept or decline here:\n\n"
            "$link\n\n"
            "Please answer by $until. After that, this request can no longer be accepted."
        ),
        short="",
    ),
    "interpreter_request_withdrawn": NoticeText(
        subject=N_("Request for an interpreter withdrawn"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler does not need the interpreter any more.\n\n"
            "Languages: $languages\n\n"
            "Date: $moment"
        ),
        short="",
    ),
    "interpreter_unavailable": NoticeText(
        subject=N_("No interpreter is available"),
        mail=N_(
            "Hello $name,\n\n"
            "No interpreter is available for your session.\n\n"
            "Languages: $languages\n\n"
            "Date: $moment\n\n"
            "Nobody has been invited yet. You can invite without an interpreter, or cancel, here:\n\n"
            "$link"
        ),
        short="",
    ),
    "left_open": NoticeText(
        subject=N_("An open session will be closed"),
        mail=N_(
            "Hello $name,\n\n"
            "Nothing has happened in one of your open sessions for some days. It will be closed:\n\n"
            "**$moment**\n\n"
            "Its links will then stop working, and it will be deleted like every closed session. "
            "To keep it, open it and write something in the chat:\n\n"
            "$link"
        ),
        short="",
    ),
    "news": NoticeText(
        subject=N_("Something new waits for you"),
        mail=N_(
            "Hello $name,\n\n"
            "Something new waits for you in your session with $scheduler.\n\n"
            "Open this link to see it:\n\n"
            "$link\n\n"
            "The link is for you only. Please do not pass it on."
        ),
        short=N_("Something new waits for you in your session with $scheduler. Open: $link"),
    ),
    "reminder": NoticeText(
        subject=N_("Reminder of your session"),
        mail=N_(
            "Hello $name,\n\n"
            "This is a reminder of your session with $scheduler.\n\n"
            "**$moment**\n\n"
            "Open this link at that time to join:\n\n"
            "$link"
        ),
        short=N_("Reminder: session with $scheduler, $moment. Join: $link"),
    ),
    "interpreter_invitation": NoticeText(
        subject=N_("Invitation to interpret"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler invites you to interpret in a session now, by chat, audio or video.\n\n"
            "Languages: $languages\n\n"
            "Open this link on your phone or computer to join:\n\n"
            "$link\n\n"
            "The link is for you only. Please do not pass it on.\n\n"
            "$note"
        ),
        short=N_("$scheduler invites you to interpret. Join: $link"),
    ),
    "interpreter_planned_invitation": NoticeText(
        subject=N_("Invitation to interpret"),
        mail=N_(
            "Hello $name,\n\n"
            "$scheduler invites you to interpret in a session, by chat, audio or video.\n\n"
            "**$moment**\n\n"
            "Languages: $languages\n\n"
            "Open this link at that time to join:\n\n"
            "$link\n\n"
            "Test your phone or computer beforehand:\n\n"
            "$test_link\n\n"
            "The links are for you only. Please do not pass them on.\n\n"
            "$note"
        ),
        short=N_("$scheduler invites you to interpret: $moment. Join: $link"),
    ),
}

TEMPLATE_OF: dict[Occasion, Occasion] = {
    "interpreter_invitation": "invitation",
    "interpreter_planned_invitation": "planned_invitation",
}
"occasion -> whose approved WhatsApp template it takes while it has none of its own"

INVITATIONS: tuple[Occasion, ...] = ("invitation", "planned_invitation", *TEMPLATE_OF)
"To whoever is given a place in a session."

PARTS: dict[Part, int] = {"subject": 150, "mail": 5000, "short": 1000}
"part -> most characters of an operator's text"

_TEMPLATE_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}", re.ASCII)
_TEMPLATE_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?", re.ASCII)
MAX_PARAMETERS = 10


def source_text(occasion: Occasion, part: Part) -> str:
    """The English source text, by which translations are looked up."""
    text: str = getattr(NOTICE_TEXTS[occasion], part)
    return text


def placeholders(text: str) -> set[str]:
    return set(Placeholders(text).get_identifiers())


def known_placeholders(occasion: Occasion) -> list[str]:
    """The placeholders that a text for this occasion may hold, in the order of PLACEHOLDERS."""
    known = {"name", "scheduler", "link", "test_link", "moment", "note"}
    if occasion == "left_open":
        known = placeholders(NOTICE_TEXTS[occasion].mail)
    elif occasion.startswith("interpreter"):
        source = NOTICE_TEXTS[occasion]
        known = {"name", "scheduler"} | placeholders(source.subject + source.mail)
    return [name for name in PLACEHOLDERS if name in known]


def checked_text(occasion: Occasion, part: Part, text: str) -> str:
    """An operator's text, cleaned; empty: the catalogs' text is used.

    Raises InvalidInput for the field `text`: an unknown placeholder, a lone dollar sign, a missing
    link that the recipients need.
    """
    limit = PARTS[part]
    if part == "mail":
        cleaned = paragraphs("text", text, limit=limit)
    else:
        cleaned = one_line("text", text, limit=limit)
    if not cleaned:
        return ""
    if not Placeholders(cleaned).is_valid():
        raise InvalidInput("text", N_("A dollar sign that is no placeholder is written $$."))
    unknown = sorted(placeholders(cleaned) - set(known_placeholders(occasion)))
    if unknown:
        raise InvalidInput("text", N_("There is no placeholder $%(name)s."), name=unknown[0])
    if "link" in placeholders(source_text(occasion, part)) - placeholders(cleaned):
        raise InvalidInput("text", N_("This text needs $link, or nobody can join."))
    return cleaned


@dataclass(frozen=True)
class ApprovedTemplate:
    """An approved WhatsApp template. Raises InvalidInput naming the field."""

    name: str
    locale: str
    parameters: tuple[str, ...] = ()
    "Names of placeholders, in the order of the template's own {{1}}, {{2}} ..."

    def __post_init__(self) -> None:
        if not _TEMPLATE_NAME.fullmatch(self.name):
            raise InvalidInput(
                "name", N_("A template's name has Latin letters, digits and underscores.")
            )
        if not _TEMPLATE_LOCALE.fullmatch(self.locale):
            raise InvalidInput("locale", N_("A language code looks like fr or pt_BR."))
        unknown = [name for name in self.parameters if name not in PLACEHOLDERS]
        if unknown or len(self.parameters) > MAX_PARAMETERS:
            raise InvalidInput(
                "parameters", N_("There is no placeholder $%(name)s."), name=(unknown or ["..."])[0]
            )
