"""The words of notices: one English source text per occasion and channel, for the catalogs.

Texts are Markdown with `$placeholders`; where a text is sent as plain text it reads well as it
is. They say who invites and when, never why: no clinical content, no chat text.
"""

from dataclasses import dataclass

from signaling.errors import N_
from signaling.notice import Occasion

PLACEHOLDERS = {
    "name": N_("name of the person written to"),
    "scheduler": N_("name of the person who invites"),
    "link": N_("the personal link"),
    "test_link": N_("the personal link of the device test"),
    "moment": N_("date, time and time zone of the session"),
    "note": N_("the note of the scheduler, may be empty"),
    "languages": N_("the languages of an interpreter request"),
    "duration": N_("the expected duration in minutes"),
    "until": N_("when an interpreter request expires"),
}
"placeholder -> what it stands for"


@dataclass(frozen=True)
class NoticeText:
    subject: str
    mail: str
    short: str
    "For SMS; WhatsApp sends the operator's approved template."


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
        short=N_("$scheduler invites you to a session: $moment. Join: $link Test: $test_link"),
    ),
    "moved": NoticeText(
        subject=N_("Your session was moved"),
        mail=N_(
            "Hello $name,\n\n"
            "your session with $scheduler was moved. The new date:\n\n"
            "**$moment**\n\n"
            "The link stays the same:\n\n"
            "$link\n\n"
            "$note"
        ),
        short=N_("Your session with $scheduler was moved: $moment. Join: $link"),
    ),
    "canceled": NoticeText(
        subject=N_("Your session was canceled"),
        mail=N_(
            "Hello $name,\n\n"
            "the session with $scheduler was canceled. The link does not work any more.\n\n"
            "$moment"
        ),
        short=N_("The session with $scheduler was canceled. $moment"),
    ),
    "removed": NoticeText(
        subject=N_("You are no longer expected at the session"),
        mail=N_(
            "Hello $name,\n\n"
            "you are no longer expected at the session with $scheduler. Your link does not work "
            "any more.\n\n"
            "$moment"
        ),
        short=N_("You are no longer expected at the session with $scheduler. $moment"),
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
            "Without an answer by $until the request is passed on."
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
            "no interpreter is available for the session you asked one for.\n\n"
            "Languages: $languages\n\n"
            "Date: $moment\n\n"
            "Nobody was invited yet. You can invite without an interpreter or cancel here:\n\n"
            "$link"
        ),
        short="",
    ),
    "reminder": NoticeText(
        subject=N_("Reminder of your session"),
        mail=N_(
            "Hello $name,\n\n"
            "this is a reminder of your session with $scheduler.\n\n"
            "**$moment**\n\n"
            "Open this link at that time to join:\n\n"
            "$link"
        ),
        short=N_("Reminder: session with $scheduler, $moment. Join: $link"),
    ),
}
