"""Those whom the service user meets: a scheduler and a colleague, in today's Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from scripts.traffic.browser import person, sign_in
from scripts.traffic.server import Place, Server
from signaling.identifier import new_id
from signaling.invite import Invite, Person
from signaling.token import token_digest
from storage.store import Records, Store
from web.routes import path

PHOTO_SIZE = (1200, 900)
MOVING = """
(async () => {
  const grab = (video) => {
    const canvas = document.createElement("canvas");
    canvas.width = 64;
    canvas.height = 36;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 64, 36);
    return context.getImageData(0, 0, 64, 36).data;
  };
  const shown = Array.from(document.querySelectorAll("#tiles video[data-participant-id]"))
    .filter((video) => video.getClientRects().length && video.videoWidth);
  const before = shown.map((video) => [grab(video), video.getVideoPlaybackQuality().totalVideoFrames]);
  await new Promise((done) => setTimeout(done, 700));
  return shown.map((video, index) => {
    const [first, frames] = before[index];
    const now = grab(video);
    let difference = 0;
    for (let at = 0; at < now.length; at += 1) difference += Math.abs(now[at] - first[at]);
    return [difference / now.length, video.getVideoPlaybackQuality().totalVideoFrames - frames];
  });
})()
"""
"""For each picture of another person: mean change of a color value within 0.7 s, and frames shown.

A frozen picture has 0 of the first. The fake camera of Firefox hardly changes, so its frames count.
"""
CHANGE = 0.2
FRAMES = 3


def moving(found: Sequence[Sequence[float]]) -> int:
    """How many of the pictures that MOVING found do move."""
    return sum(change > CHANGE or frames >= FRAMES for change, frames in found)


NEGOTIATIONS = """
window.connections = [];
window.negotiations = 0;
const Native = RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...given) {
    super(...given);
    connections.push(this);
    this.addEventListener("signalingstatechange", () => {
      if (this.signalingState === "stable") window.negotiations += 1;
    });
  }
};
"""
"Keeps a page's connections, and counts how often one of them has negotiated."


@dataclass(frozen=True)
class Meeting:
    """A session to which two people are invited."""

    place: Place
    colleague_token: str


async def arrange(data_dir: Path, places: Sequence[Place]) -> list[Meeting]:
    """Invite a colleague to each session. For a store that no server has open."""
    store = await Store.open(data_dir, None)

    async def invite(records: Records) -> list[Meeting]:
        return [Meeting(place, await _colleague(records, place)) for place in places]

    try:
        return await store.write(invite)
    finally:
        await store.close()


async def _colleague(records: Records, place: Place) -> str:
    invite_id = new_id()
    token = await records.invites.token(place.consultation_id, invite_id)
    who = Person("Lee", "Colleague", "none", "", "en")
    await records.invites.add(
        Invite(
            invite_id, place.consultation_id, "colleague", who, token_digest(token),
            datetime.now(UTC),
        )
    )  # fmt: skip
    return token


def write_photo(file: Path) -> None:
    """A JPEG in which no place looks like another."""
    colors = [Image.linear_gradient("L"), Image.radial_gradient("L")]
    bands = [*(one.resize(PHOTO_SIZE) for one in colors), Image.new("L", PHOTO_SIZE, 128)]
    Image.merge("RGB", bands).save(file, quality=85)


class AtSession:
    """Somebody at the page of one session."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def until(self, expression: str, seconds: float) -> bool:
        """Whether an expression becomes true in this page within that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if await self.page.evaluate(expression):
                return True
            await asyncio.sleep(0.1)
        return False

    async def write(self, text: str) -> None:
        await self.page.locator("#chat-text").fill(text)
        await self.page.locator("#chat-form button[type=submit]").click()

    async def moving(self) -> int:
        """How many people's pictures move here."""
        return moving(await self.page.evaluate(MOVING))


@contextlib.asynccontextmanager
async def scheduler(browser: Browser, server: Server, place: Place) -> AsyncIterator[AtSession]:
    """Signed in, and at the session."""
    context, page = await person(browser, server, "en")
    await context.add_init_script(NEGOTIATIONS)
    await sign_in(context, server, place)
    await page.goto(path("session", consultation_id=place.consultation_id))
    try:
        yield AtSession(page)
    finally:
        await context.close()


@contextlib.asynccontextmanager
async def colleague(browser: Browser, server: Server, meeting: Meeting) -> AsyncIterator[AtSession]:
    """Come by link, and at the session."""
    context, page = await person(browser, server, "en")
    await page.goto(path("landing", token=meeting.colleague_token))
    await page.locator("form button[type=submit].huge").click()
    await page.locator("#chat-text").wait_for()
    try:
        yield AtSession(page)
    finally:
        await context.close()
