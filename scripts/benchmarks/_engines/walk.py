"""A service user's path in one browser, from the link to a call of three."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser
from playwright.async_api import Error as PlaywrightError

from scripts.benchmarks._engines.people import (
    MOVING,
    AtSession,
    Meeting,
    colleague,
    moving,
    scheduler,
)
from scripts.benchmarks._engines.phone import Broken, Phone
from scripts.traffic.server import Server
from web.routes import path

LONGEST = 60.0
"Seconds that one step may take."
SOON = 15.0
"Seconds within which what was done on one page is to be seen on another."
PICTURES_WITHIN = 40.0
CROSSINGS = 5
TOGETHER_AFTER = 500
"Milliseconds from an order to both pages until both obey it."
NEGOTIATED = """
(connections.some((each) => each.signalingState.startsWith("have")) ? -1 : negotiations)
"""
"How often the scheduler's page has set an answer; -1 while it waits for one."
TOPOLOGY = "document.querySelector('#call').dataset.topology"
TILES = """
Array.from(document.querySelectorAll("#tiles figcaption")).map((one) => one.innerText).join(", ")
"""
JOIN = "form[data-seat] button"
SEEN = "!!document.querySelector('#start-session:not([hidden]):not(:disabled)')"
"Whether the scheduler's page says that the other person is there."
STARTED = "document.documentElement.dataset.scripts"
TESTED = """
JSON.stringify({
  result: document.querySelector("#result").hidden
    ? "" : document.querySelector("#result-text").textContent,
  steps: Array.from(document.querySelectorAll("#steps > li")).map((step) => [
    step.dataset.step, step.dataset.outcome || "", step.querySelector(".sentence").textContent,
  ]),
})
"""
CHOSEN = "document.querySelector('#chosen-files').children.length"
PHOTO_SHOWN = """
Array.from(document.querySelectorAll("#chat-lines .frame img")).some((image) => {
  image.scrollIntoView();
  return (image.getAttribute("src") || "").startsWith("/") && image.naturalWidth > 0;
})
"""


@dataclass
class Step:
    """How one step went."""

    name: str
    seconds: float
    broke: str = ""
    "What did not come; empty if all came."
    note: str = ""
    faults: list[str] = field(default_factory=list)
    "What the console of the service user's page showed meanwhile."


@dataclass
class Scene:
    """All who take part in one walk."""

    server: Server
    meeting: Meeting
    phone: Phone
    desk: AtSession
    browser: Browser
    photo: Path
    until_end: contextlib.AsyncExitStack
    "Who has come to stay."


Act = Callable[[Scene], Awaitable[str | None]]


async def land(scene: Scene) -> str | None:
    """Open the link: the page says who invites, and can be joined."""
    await scene.phone.open(
        scene.server.url + path("landing", token=scene.meeting.place.invite_token)
    )
    await scene.phone.until(f"!!document.querySelector({json.dumps(JOIN)})", SOON, "no way to join")
    return str(await scene.phone.evaluate(f"{STARTED} || ''"))


async def test_device(scene: Scene) -> str | None:
    """Follow the link to the device test, do it and come back; no step may fail."""
    phone = scene.phone
    await phone.press_when_shown('a[href$="/test"]', SOON, "no link to the device test")
    await phone.until("!!document.querySelector('#start-test')", SOON, "no device test")
    await phone.press_when_shown("#start-test", SOON, "the test cannot be started")
    end = time.monotonic() + LONGEST - 10
    while True:
        await phone.press(".heard")
        found = json.loads(await phone.evaluate(TESTED))
        if found["result"]:
            break
        if time.monotonic() > end:
            raise Broken(f"the test does not end: {_open_steps(found['steps'])}")
        await asyncio.sleep(0.3)
    if failed := [step for step in found["steps"] if step[1] in ("failed", "")]:
        raise Broken("; ".join(f"{name}: {sentence}" for name, _, sentence in failed))
    warned = [name for name, outcome, _ in found["steps"] if outcome != "passed"]
    return f"all but {', '.join(warned)} passed" if warned else None


def _open_steps(steps: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"{name} {outcome or 'not begun'}" for name, outcome, _ in steps)


async def wait(scene: Scene) -> str | None:
    """Join: the page is that of the waiting room, and the scheduler sees who is there."""
    phone = scene.phone
    await phone.open(scene.server.url + path("landing", token=scene.meeting.place.invite_token))
    await phone.press_when_shown(JOIN, SOON, "no way to join")
    began = time.monotonic()
    await phone.until("!!document.querySelector('#heading')", SOON, "no waiting room")
    if not await scene.desk.until(SEEN, SOON):
        said = await phone.evaluate("document.querySelector('#other-side').textContent")
        raise Broken(f'the scheduler sees nobody, while the page says "{said}"')
    return f"seen after {time.monotonic() - began:.1f} s"


async def chat(scene: Scene) -> str | None:
    """Write in both directions, once the session has begun."""
    phone, desk = scene.phone, scene.desk
    await desk.page.locator("#start-session").click()
    lines = "document.querySelector('#chat-lines').innerText"
    await desk.write("Hello from the scheduler")
    await phone.until(
        f"{lines}.includes('Hello from the scheduler')", SOON, "the scheduler's line does not come"
    )
    await phone.type("#chat-text", "Hello from the phone")
    await phone.press_when_shown("#chat-form button[type=submit]", SOON, "nothing sends")
    if not await desk.until(f"{lines}.includes('Hello from the phone')", SOON):
        raise Broken("the scheduler does not get the line")
    return None


async def send_photo(scene: Scene) -> str | None:
    """Attach a photo and send it: the scheduler sees it, and so does who has sent it."""
    phone = scene.phone
    await phone.choose("#choose-files", scene.photo)
    await phone.until(f"{CHOSEN} > 0", SOON, "nothing is chosen")
    end = time.monotonic() + SOON
    # what has just come may move the button away from under a finger
    while await phone.evaluate(f"{CHOSEN} > 0"):
        await phone.press_when_shown("#chat-form button[type=submit]", SOON, "nothing sends")
        if time.monotonic() > end:
            raise Broken("what was chosen is not sent")
        await asyncio.sleep(0.5)
    if not await scene.desk.until(PHOTO_SHOWN, SOON + 5):
        raise Broken("the scheduler does not see the photo")
    await phone.until(PHOTO_SHOWN, SOON, "whoever sent the photo does not see it")
    return None


async def call_of_two(scene: Scene) -> str | None:
    """The scheduler calls, the service user accepts: each sees the other move."""
    await scene.desk.page.locator("#start-video").click()
    await scene.phone.press_when_shown("#accept-call", SOON, "it does not ring")
    began = time.monotonic()
    await _all_see(scene, 1, None)
    return f"both seen {time.monotonic() - began:.1f} s after accepting"


async def cross_offers(scene: Scene) -> str | None:
    """Both notice at one moment that their network has changed, so that their offers cross, and again."""
    desk = scene.desk.page
    for _ in range(CROSSINGS):
        before = await desk.evaluate(NEGOTIATED)
        at = time.time() * 1000 + TOGETHER_AFTER
        event = f"setTimeout(() => window.dispatchEvent(new Event('online')), {at} - Date.now())"
        await asyncio.gather(*(each.evaluate(f"void {event}") for each in (scene.phone, desk)))
        if not await scene.desk.until(f"{NEGOTIATED} > {before}", SOON):
            state = await desk.evaluate("connections.map((each) => each.signalingState).join()")
            raise Broken(f"the scheduler's page gets no answer: {state}")
        await _all_see(scene, 1, None)
        if await desk.evaluate(TOPOLOGY) != "mesh":
            raise Broken("no direct path was found any more: the call has moved to the relay")
    return None


async def call_of_three(scene: Scene) -> str | None:
    """A colleague joins the call, which then goes over the relay: each sees two others move."""
    arriving = colleague(scene.browser, scene.server, scene.meeting)
    third = await scene.until_end.enter_async_context(arriving)
    way = third.page.locator("#join-call:visible, #accept-call:visible")
    await way.first.click(timeout=SOON * 1000)
    began = time.monotonic()
    await _all_see(scene, 2, third)
    return f"all seen {time.monotonic() - began:.1f} s after joining"


async def _all_see(scene: Scene, others: int, third: AtSession | None) -> None:
    """Wait until everybody sees that many move at once."""
    end = time.monotonic() + PICTURES_WITHIN
    while True:
        seen = {
            "the phone": moving(await scene.phone.evaluate(MOVING)),
            "the scheduler": await scene.desk.moving(),
        }
        if third is not None:
            seen["the colleague"] = await third.moving()
        if all(count >= others for count in seen.values()):
            return
        if time.monotonic() > end:
            counts = ", ".join(f"{who} sees {count} move" for who, count in seen.items())
            raise Broken(f"{counts}; tiles of the phone: {await scene.phone.evaluate(TILES)}")
        await asyncio.sleep(0.2)


STEPS: dict[str, tuple[Act, bool]] = {
    "landing": (land, False),
    "device test": (test_device, False),
    "waiting": (wait, False),
    "chat": (chat, True),
    "photo": (send_photo, True),
    "call of two": (call_of_two, True),
    "crossing offers": (cross_offers, True),
    "call of three": (call_of_three, True),
}
"By the name in the table: what is done, and whether somebody who is not waiting cannot do it."


async def take(name: str, act: Act, scene: Scene) -> Step:
    """One step, which ends in time, whatever the browser does."""
    began = time.monotonic()
    step = Step(name, 0)
    try:
        async with asyncio.timeout(LONGEST):
            step.note = await act(scene) or ""
    except TimeoutError:
        step.broke = f"not done after {LONGEST:.0f} s"
    except (Broken, PlaywrightError, OSError) as error:
        step.broke = str(error).partition("\n")[0]
    step.seconds = time.monotonic() - began
    step.faults = list(dict.fromkeys(str(one) for one in scene.phone.taken_faults()))[:8]
    return step


async def walk(
    phone: Phone,
    browser: Browser,
    server: Server,
    meeting: Meeting,
    photo: Path,
    pictures: Path | None = None,
    steps: Mapping[str, tuple[Act, bool]] = STEPS,
) -> list[Step]:
    """The steps in their order; those that need a room are not tried without one.

    A picture of the page after each step is put into `pictures`.
    """
    walked: list[Step] = []
    inside = True
    async with contextlib.AsyncExitStack() as until_end:
        desk = await until_end.enter_async_context(scheduler(browser, server, meeting.place))
        scene = Scene(server, meeting, phone, desk, browser, photo, until_end)
        for name, (act, needs_room) in steps.items():
            if needs_room and not inside:
                walked.append(Step(name, 0, "not reached"))
                continue
            step = await take(name, act, scene)
            walked.append(step)
            if name == "waiting":
                inside = not step.broke
            if pictures is not None:
                await _photograph(phone, pictures / f"{len(walked)}-{name.replace(' ', '-')}.png")
    return walked


async def _photograph(phone: Phone, file: Path) -> None:
    """A picture where there can be one: a page that hangs has none."""
    with contextlib.suppress(Broken, TimeoutError, OSError):
        await asyncio.to_thread(file.write_bytes, await phone.photograph())


def as_json(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "seconds": round(step.seconds, 2),
        "broke": step.broke,
        "note": step.note,
        "faults": step.faults,
    }
