"""Notices to send, for tests."""

from dataclasses import replace
from typing import Any

from signaling.notices.notice import Calendar, Content, Outgoing, Template

ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"

CONTENT = Content(
    subject="Your session is planned",
    text="Hello,\n\n.a line that begins with a dot\nhttps://tele.example/i/abc\n",
    html="<!doctype html><p>Hello</p>",
    calendar=Calendar(ICS, "REQUEST"),
    template=Template("clinic:invitation", ("Amina", "tomorrow\nat 10:00"), "fr"),
)

MAIL = Outgoing("notice-0001", "attempt-0001", "email", "amina@example.org", "en", CONTENT)
SMS = replace(MAIL, channel="sms", address="+41791234567")
WHATSAPP = replace(MAIL, channel="whatsapp", address="+41791234567")


def mail(**changes: Any) -> Outgoing:
    """MAIL with some members of it or of its content replaced."""
    of_content = {key: changes.pop(key) for key in tuple(changes) if hasattr(CONTENT, key)}
    return replace(MAIL, content=replace(CONTENT, **of_content), **changes)
