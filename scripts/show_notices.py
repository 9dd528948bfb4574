"""Pictures of notices as people receive them: `python -m scripts.show_notices --out folder`.

Plays a planned session through the real flows in a folder of its own (invited, moved, reminded,
canceled, by mail and by SMS) and one that was left open, or takes the files of an outbox folder
with --from, and draws each notice with Chromium: the HTML of a mail as it is, an SMS as a telephone
shows it. With --segments it prints how many SMS each takes instead.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import htpy as h
from babel import Locale

from scripts.sms_table import table
from signaling.flows.invites.inviting import Plan
from signaling.flows.people.accounts import new_account
from signaling.invite import InviteChannel, Person
from web.app import create_app
from web.config import load
from web.keys import ABANDONING, CLOCKWORK, INVITING, PLANNING, SENDING, STORE
from web.texts.catalogs import OWN_NAMES

WIDTH = 420
"Pixels of a telephone held upright."
START = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
PLANNED_AT = datetime(2026, 10, 23, 12, 30, tzinfo=UTC)
MOVED_TO = datetime(2026, 10, 26, 13, 30, tzinfo=UTC)
"After the clocks of Europe have gone back."

_SMS_STYLE = (
    "body{margin:0;padding:24px;background:#e5e7eb;font:17px/1.45 system-ui,sans-serif}"
    "p{margin:0 0 8px;padding:12px 16px;border-radius:18px;background:#fff;overflow-wrap:anywhere}"
    "small{color:#4b5563}"
)


@dataclass
class SetClock:
    """A clock that shows what it is set to."""

    at: datetime

    def now(self) -> datetime:
        return self.at


async def play(folder: Path, language: str, time_zone: str) -> list[Path]:
    """The files of every notice of one planned session, in the order they were written."""
    clock = SetClock(START)
    config = load(
        {"TELECONNECT_DATA_DIR": str(folder), "TELECONNECT_PUBLIC_URL": "https://tele.example"},
        port=1,
    )
    app = await create_app(config, clock)
    files: list[Path] = []

    async def deliver() -> None:
        app[SENDING].wake()
        await app[CLOCKWORK].run_due()
        found = await asyncio.to_thread(lambda: sorted((folder / "outbox").glob("[!.]*")))
        files.extend(file for file in found if file not in files)

    # without a running server nothing is due by itself, and this decides when it is
    nurse = new_account(
        email="nurse@example.org", name="Dr. Élise Martin", role="scheduler", password_hash=None,
        language="fr", time_zone="Europe/Zurich", now=START,
    )  # fmt: skip
    await app[STORE].write(lambda records: records.accounts.add(nurse))
    channels: tuple[tuple[InviteChannel, str], ...] = (
        ("email", "amina@example.org"), ("sms", "+41791234567"),
    )  # fmt: skip
    for channel, address in channels:
        clock.at = START
        person = Person("أمينة", "حداد", channel, address, language, time_zone)
        people = (("service_user", person),)
        plan = Plan("remote", people, PLANNED_AT, time_zone)  # type: ignore[arg-type]
        consultation, _ = await app[INVITING].invite(nurse, plan)
        await deliver()
        await app[PLANNING].edit(consultation.id, nurse, MOVED_TO, time_zone)
        await deliver()
        clock.at = MOVED_TO - timedelta(hours=24)
        await deliver()
        await app[PLANNING].cancel(consultation.id, nurse)
        await deliver()
    # one that is started and left, of which its scheduler is told
    person = Person("أمينة", "حداد", "none", "", language, time_zone)
    consultation, _ = await app[INVITING].invite(nurse, Plan("remote", (("service_user", person),)))
    left = consultation.after("arrive", clock.now()).after("start", clock.now())
    await app[STORE].write(lambda records: records.consultations.change(left))
    clock.at += timedelta(days=7)
    await app[ABANDONING].look()
    await deliver()
    await app[STORE].close()
    return files


def page_of(name: str, octets: bytes) -> str:
    """The HTML that shows one file of an outbox folder."""
    if name.endswith(".json"):
        record = json.loads(octets)
        return _sms_page(record["from"] or "SMS", record["text"], record["language"])
    mail = message_from_bytes(octets, _class=EmailMessage, policy=default)
    part = mail.get_body(("html",))
    if part is None:
        plain = mail.get_body(("plain",))
        return _sms_page(
            str(mail["Subject"]),
            plain.get_content() if plain else "",
            str(mail["Content-Language"]),
        )
    html: str = part.get_content()
    head = h.header(dir="auto", style="font:14px/1.5 system-ui;padding:16px 24px;opacity:.8")[
        h.strong[str(mail["Subject"])], h.br, h.bdi[str(mail["From"])], h.br,
        h.bdi[str(mail["To"])],
    ]  # fmt: skip
    start = html.index(">", html.index("<body")) + 1
    return f"{html[:start]}{head}{html[start:]}"  # adding would escape the mail


def _sms_page(sender: str, text: str, language: str) -> str:
    direction = Locale.parse(language if language in OWN_NAMES else "en").text_direction
    return str(
        h.html(lang=language, dir=direction)[
            h.head[h.meta(charset="utf-8"), h.style[_SMS_STYLE]],
            h.body[h.small[sender], h.p(dir="auto")[text]],
        ]
    )


async def draw(pages: dict[str, str], out: Path) -> list[Path]:
    """Draw name -> HTML into a folder that exists; the pictures."""
    from playwright.async_api import async_playwright

    pictures = []
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch()
        except Exception:  # none of its own: the one of the system
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = await browser.new_page(viewport={"width": WIDTH, "height": 300})
        for name, html in pages.items():
            await page.set_content(html)
            pictures.append(out / f"{name}.png")
            await page.screenshot(path=pictures[-1], full_page=True)
        await browser.close()
    return pictures


def pages_of(files: Iterable[Path]) -> dict[str, str]:
    """Name of the picture -> HTML."""
    return {
        f"{number:02}-{'mail' if file.suffix == '.eml' else 'sms'}": page_of(
            file.name, file.read_bytes()
        )
        for number, file in enumerate(files, 1)
    }


def files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in (".eml", ".json"))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.show_notices",
        description="Draws notices as people receive them, as PNG.",
    )
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--out", type=Path, help="folder for the pictures")
    wanted.add_argument("--segments", action="store_true", help="print how many SMS each takes")
    parser.add_argument("--from", dest="source", type=Path, help="folder of .eml and .json files")
    parser.add_argument("--language", choices=tuple(OWN_NAMES), default="ar")
    parser.add_argument("--time-zone", default="Europe/Zurich")
    chosen = parser.parse_args()
    if chosen.segments:
        for line in table():
            print(line, flush=True)
        return 0
    if chosen.source is not None:
        pages = pages_of(files_in(chosen.source))
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = asyncio.run(play(Path(folder), chosen.language, chosen.time_zone))
            pages = pages_of(files)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for picture in asyncio.run(draw(pages, chosen.out)):
        print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
