"""Browsers that refuse something, and the walk of somebody who has one."""

from __future__ import annotations

import asyncio
import time

from scripts.benchmarks._engines import walk
from scripts.benchmarks._engines.devtools import Chromium
from scripts.benchmarks._engines.phone import Broken
from scripts.benchmarks._engines.walk import SOON, Act, Scene
from web.routes import path

NO_SCRIPTS = "scripts"
REFUSALS = {
    NO_SCRIPTS: "",
    "WebRTC": "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;",
    "camera and microphone": 'Object.defineProperty(navigator, "mediaDevices", { value: undefined });',
    "storage": """
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, {
    get() { throw new DOMException("forbidden", "SecurityError"); },
  });
}
""",
    "WebSocket": """
window.WebSocket = class extends EventTarget {
  constructor() {
    super();
    this.readyState = 0;
    setTimeout(() => {
      this.readyState = 3;
      for (const event of [new Event("error"), new CloseEvent("close", { code: 1006 })]) {
        this.dispatchEvent(event);
        this[`on${event.type}`]?.(event);
      }
    }, 50);
  }
  send() {}
  close() {}
};
""",
}
"What is refused, and what does so before the scripts of each page."
SIMPLE = "location.pathname.endsWith('/plain')"
TO_SIMPLE = 'a[href$="/plain"]'
LINES = "document.querySelector('iframe').contentDocument.body.innerText"
LIVE = "document.querySelectorAll('#room[data-line=open]').length"
PATIENCE = 45.0
"Seconds within which a page that cannot be live says what else there is."
NO_CALLS = """
((words) => words && words.getClientRects().length ? words.innerText : "")(
  document.querySelector("#no-calls"))
"""


async def refuse(phone: Chromium, name: str) -> None:
    """From the next page on. Raises Broken."""
    if name == NO_SCRIPTS:
        await phone.send("Emulation.setScriptExecutionDisabled", value=True)
    else:
        await phone.before_scripts(REFUSALS[name])


async def wait(scene: Scene) -> str | None:
    """Join, and go to the simple page where the full one leads there instead of being live."""
    phone = scene.phone
    await phone.open(scene.server.url + path("landing", token=scene.meeting.place.invite_token))
    await phone.press_when_shown(walk.JOIN, SOON, "no way to join")
    await phone.until("location.pathname.includes('/seat/')", SOON, "no waiting room")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        simple = await phone.evaluate(SIMPLE)
        if await scene.desk.until(walk.SEEN, 0.2) and (simple or await phone.evaluate(LIVE)):
            return "on the simple page" if simple else None
        if not simple:
            await phone.press(TO_SIMPLE)
        await asyncio.sleep(0.2)
    said = await phone.evaluate("(document.querySelector('#connection') || {}).innerText || ''")
    raise Broken(f'neither live nor a way to the simple page; the page says "{said}"')


async def chat(scene: Scene) -> str | None:
    """Write in both directions, on whichever page."""
    if not await scene.phone.evaluate(SIMPLE):
        return await walk.chat(scene)
    phone, desk = scene.phone, scene.desk
    await phone.type("#text", "Hello from the phone")
    await phone.press_when_shown("form.compose button", SOON, "nothing sends")
    shown = "document.querySelector('#chat-lines').innerText.includes('Hello from the phone')"
    if not await desk.until(shown, SOON):
        raise Broken("the scheduler does not get the line")
    await desk.write("Hello from the scheduler")
    await phone.until(
        f"{LINES}.includes('Hello from the scheduler')", 45, "the scheduler's line does not come"
    )
    return "on the simple page"


async def call(scene: Scene) -> str | None:
    """A call of two, or a word to both that there can be none."""
    if await scene.phone.evaluate(SIMPLE):
        return await _ask_by_phone(scene)
    words = await scene.phone.evaluate(NO_CALLS)
    if words:
        offered = await scene.desk.page.locator("#start-video:visible").count()
        if offered:
            raise Broken("the scheduler is offered a call that cannot be")
        return f"told: {words}"
    return await walk.call_of_two(scene)


async def _ask_by_phone(scene: Scene) -> str | None:
    asking = 'button[formaction$="/phone-call"]'
    await scene.phone.press_when_shown(asking, SOON, "no way to ask for a call by phone")
    asked = "document.querySelector('#chat-lines').innerText.includes('by phone')"
    if not await scene.desk.until(asked, SOON):
        raise Broken("the scheduler does not hear of it")
    return "asked for a call by phone, which the scheduler reads"


STEPS: dict[str, tuple[Act, bool]] = {
    "landing": (walk.land, False),
    "waiting": (wait, False),
    "chat": (chat, True),
    "call of two": (call, True),
}
