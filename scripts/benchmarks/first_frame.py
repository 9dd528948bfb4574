"""From "Join the session" to the first remote video frame, on loopback.

Two browser contexts of one Chromium, its own fake camera, server and both ends on this machine.
A script does what the people would do, at once: nobody hesitates, so the sum is what the program
and the browser need. The parts:

* waits: from the click on "Join the session" until the scheduler's page shows the person online;
* starts: from the scheduler's click on "Start the session" until both pages know;
* rings: from the scheduler's click on "Start video call" (camera included) until it rings;
* connects: from the click on "Accept" (camera included) until a remote picture with a size is
  there (`readyState`, else `requestVideoFrameCallback`) on the service user's page, and on the
  scheduler's.

All but the last part end when the test driver looks at the page and finds it so; it looks every 100
ms or more seldom, so these are upper bounds.
"""

import asyncio
import statistics
import time
from typing import Any

from playwright.async_api import Browser, Page, expect

from scripts.benchmarks._figures import lines
from scripts.traffic.browser import chromium, person, sign_in
from scripts.traffic.server import Place, Server, furnish, serving, temporary_folder
from web.routes import path

RUNS = 5
FIRST_FRAME = """
() => new Promise((resolve) => {
  const look = () => {
    const video = document.querySelector("#tiles video[data-participant-id]");
    if (video === null) setTimeout(look, 2);
    else if (video.readyState >= 2 && video.videoWidth > 0) resolve();
    else video.requestVideoFrameCallback(() => resolve());
  };
  look();
})
"""
PARTS = ("waits_ms", "starts_ms", "rings_ms", "connects_ms", "connects_scheduler_ms", "sum_ms")


async def _session(browser: Browser, server: Server, place: Place) -> dict[str, float]:
    desk_context, desk = await person(browser, server, "en")
    phone_context, phone = await person(browser, server, "en")
    await sign_in(desk_context, server, place)
    await desk.goto(path("session", consultation_id=place.consultation_id))
    await phone.goto(path("landing", token=place.invite_token))
    start = desk.get_by_role("button", name="Start the session")
    call = desk.get_by_role("button", name="Start video call")
    accept = phone.get_by_role("button", name="Accept", exact=True)

    joined = time.perf_counter()
    await phone.get_by_role("button", name="Join the session").click()
    await expect(start).to_be_enabled()
    waiting = time.perf_counter()
    await start.click()
    await expect(call).to_be_visible()
    started = time.perf_counter()
    await call.click()
    await expect(accept).to_be_visible()
    ringing = time.perf_counter()

    async def first_frame(page: Page) -> float:
        await page.evaluate(FIRST_FRAME)
        return time.perf_counter()

    frames = asyncio.gather(first_frame(phone), first_frame(desk))
    await accept.click()
    async with asyncio.timeout(30):
        phone_at, desk_at = await frames
    await desk_context.close()
    await phone_context.close()
    return {
        "waits_ms": (waiting - joined) * 1000,
        "starts_ms": (started - waiting) * 1000,
        "rings_ms": (ringing - started) * 1000,
        "connects_ms": (phone_at - ringing) * 1000,
        "connects_scheduler_ms": (desk_at - ringing) * 1000,
        "sum_ms": (phone_at - joined) * 1000,
    }


async def _run() -> dict[str, Any]:
    with temporary_folder() as folder:
        data_dir = folder / "data"
        # the first session warms the browser up and is not counted
        places = await furnish(data_dir, RUNS + 1, state="planned", seated=False)
        async with serving(data_dir) as server, chromium() as browser:
            sessions = [await _session(browser, server, place) for place in places][1:]
    return {
        "sessions": len(sessions),
        **{
            part: {
                "median": statistics.median(session[part] for session in sessions),
                "longest": max(session[part] for session in sessions),
            }
            for part in PARTS
        },
    }


def run() -> dict[str, Any]:
    return asyncio.run(_run())


def table(result: dict[str, Any]) -> str:
    meanings = {
        "waits_ms": '"Join the session" until the scheduler sees the person',
        "starts_ms": '"Start the session" until the call buttons are there',
        "rings_ms": '"Start video call" until it rings',
        "connects_ms": '"Accept" until the first remote frame, service user',
        "connects_scheduler_ms": '"Accept" until the first remote frame, scheduler',
        "sum_ms": '"Join the session" until the first remote frame, service user',
    }
    return lines(
        [
            [f"{result['sessions']} sessions", "median ms", "longest ms"],
            *(
                [meaning, result[part]["median"], result[part]["longest"]]
                for part, meaning in meanings.items()
            ),
        ]
    )
