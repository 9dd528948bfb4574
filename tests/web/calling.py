"""Pages in a call, without browsers: real sockets, and aiortc where they speak with the relay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiortc.mediastreams import VideoStreamTrack
from av import VideoFrame

from media.messages import OfferNeeded, Track
from media.rtp.codecs import Kind
from tests.clock import MovableClock
from tests.media.support import Participant, track_of, until
from tests.people import LINK, Person, Wire, consultation_of, outbox
from tests.serving import Server, serving
from web.keys import CLOCKWORK, RELAY, WAITS

NOW = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)


class DarkCamera(VideoStreamTrack):
    """A camera that is off: its m= section is there, as browsers keep it, and carries nothing."""

    async def recv(self) -> VideoFrame:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("the future never comes")


class Page:
    """Somebody's page in a room: reads all frames, and answers the relay's offers if it has media."""

    def __init__(self, wire: Wire, peer_id: str, person: Person, seat: dict[str, str]) -> None:
        self.wire = wire
        self.peer_id = peer_id
        self.person = person
        self.seat = seat
        self.call: dict[str, Any] | None = None
        self.offers: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = list(wire.frames)
        self.media: Participant | None = None
        self._take(wire.frames)
        self._answering: asyncio.Task[None] | None = None
        self._reader = asyncio.create_task(self._read())

    def _take(self, frames: list[dict[str, Any]]) -> None:
        for frame in frames:
            if frame["type"] in ("snapshot", "call_changed"):
                self.call = frame.get("call")
            elif frame["type"] == "relay_offer":
                self.offers.append(frame)

    async def _read(self) -> None:
        while True:
            try:
                frame = await self.wire.frame()
            except ConnectionError:
                return
            self.frames.append(frame)
            self._take([frame])
            if frame["type"] == "relay_offer" and self.media is not None:
                self._answering = asyncio.create_task(self._answer(frame, self._answering))

    async def _answer(self, frame: dict[str, Any], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        assert self.media is not None
        tracks = tuple(
            Track(track["mid"], Kind(track["kind"]), track["direction"], track["peer_id"])
            for track in frame["tracks"]
        )
        offer = OfferNeeded(
            "", self.peer_id, frame["sdp"], frame["revision"], tracks, frame["fresh"]
        )
        sdp = await self.media.describe(offer)
        await self.wire.send("relay_answer", revision=frame["revision"], sdp=sdp)

    def speak(self) -> None:
        """From now on the page sends audio and answers the relay's offers."""
        tracks = {Kind.AUDIO: track_of(Kind.AUDIO), Kind.VIDEO: DarkCamera()}
        self.media = Participant(self.peer_id, tracks)

    @property
    def heard(self) -> int:
        """Audio frames received so far."""
        return 0 if self.media is None else self.media.frames.get("audio", 0)

    async def command(self, kind: str, /, **members: Any) -> None:
        """Send a command and wait until it is acknowledged."""
        identifier = members.setdefault("id", f"command-{len(self.frames):04}-{self.peer_id}")
        await self.wire.send(kind, **members)
        await until(lambda: self.answer_to(identifier), f"an answer to {kind}")
        answer = self.answer_to(identifier)
        assert answer is not None
        assert answer["type"] == "ack", answer

    def answer_to(self, identifier: str) -> dict[str, Any] | None:
        return next((frame for frame in self.frames if frame.get("id") == identifier), None)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    async def goes(self, topology: str, moving_to: str | None = None) -> None:
        """Wait until the page is told that the call has this topology."""

        def is_so() -> bool:
            call = self.call
            return (
                call is not None
                and call["topology"] == topology
                and call.get("moving_to") == moving_to
            )

        await until(is_so, f"{self.peer_id} sees {topology}, moving to {moving_to}")

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        if self.media is not None:
            await self.media.close()
        if self._answering is not None:
            # Not canceled: sockets that it is opening would stay open.
            await asyncio.gather(self._answering, return_exceptions=True)
        await self.wire.ws.close()


class StartedSession:
    """A started session with a nurse, Amina, and colleagues who come when they are asked to."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self.stack = stack
        self.links: dict[str, str] = {}
        self.pages: dict[str, Page] = {}
        self.consultation_id = ""

    async def start(self, *colleagues: str) -> None:
        nurse = await self.stack.enter_async_context(Person(self.server))
        await nurse.sign_in()
        form = {
            "kind": "remote", "first_name": "Amina", "address": "amina@example.org",
            "language": "en", **({"colleague": "on"} if colleagues else {}),
        }  # fmt: skip
        for number, name in enumerate(colleagues, 1):
            form |= {
                f"colleague_{number}_address": f"{name}@example.org",
                f"colleague_{number}_name": name,
            }
        assert (await nurse.post("/invites/new", form)).status == 303
        for notice in await outbox(self.server):
            found = LINK.search(notice.text)
            assert found is not None
            self.links[notice.to.partition("@")[0]] = found.group()
        amina = await self.come("amina")
        self.consultation_id = await consultation_of(amina.wire)
        desk = await self.sit("nurse", nurse, {"consultation_id": self.consultation_id})
        await desk.command("start_consultation")

    async def come(self, name: str) -> Page:
        person = await self.stack.enter_async_context(Person(self.server))
        return await self.sit(name, person, {"invite_id": await person.join(self.links[name])})

    async def sit(self, name: str, person: Person, seat: dict[str, str], peer_id: str = "") -> Page:
        peer_id = peer_id or f"{name}-page"
        page = Page(await person.enter(peer_id=peer_id, **seat), peer_id, person, seat)
        self.pages[name] = page
        self.stack.push_async_callback(page.close)
        return page

    async def reload(self, name: str, peer_id: str = "") -> Page:
        """The same person on another socket; another page if it has another peer id."""
        old = self.pages[name]
        await old.close()
        return await self.sit(name, old.person, old.seat, peer_id or old.peer_id)

    async def pair(self, *, speaking: bool = False) -> tuple[Page, Page]:
        """Nurse and Amina are in a call."""
        nurse, amina = self.pages["nurse"], self.pages["amina"]
        if speaking:
            nurse.speak()
            amina.speak()
        await nurse.command("call_start", media="audio")
        await until(lambda: amina.call, "it rings")
        await self.join(amina)
        return nurse, amina

    async def join(self, page: Page) -> None:
        assert page.call is not None
        await page.command("call_accept", call_id=page.call["call_id"])
        await page.wire.send("set_media", media={"microphone": True, "camera": False})

    async def ready(self, *pages: Page, topology: str = "forwarded") -> None:
        """Let each of these pages report that it receives all others."""
        for page in pages:
            others = [other.peer_id for other in pages if other is not page]
            await page.wire.send("path_ready", topology=topology, peers=others)

    async def pass_time(self, by: timedelta) -> None:
        clock = self.server.app[CLOCKWORK].clock
        assert isinstance(clock, MovableClock)
        clock.move(by)
        await self.server.app[CLOCKWORK].run_due()
        await self.server.app[WAITS].run_due()

    def legs(self) -> set[str]:
        """Peer ids that have a connection to the relay, or have been offered one."""
        relay = self.server.app[RELAY].commanded
        if relay is None:
            return set()
        return {peer_id for room in relay._rooms.values() for peer_id in room.participants}

    def heights(self, peer_id: str) -> dict[tuple[str, Kind], int | None]:
        """(publisher, kind) -> the height at which that page shows the video, as the relay was told."""
        relay = self.server.app[RELAY].commanded
        assert relay is not None
        (room,) = relay._rooms.values()
        return room.participants[peer_id].heights


@asynccontextmanager
async def started_session(
    folder: Path,
    *colleagues: str,
    relay: bool = True,
    steady: MovableClock | None = None,
    **settings: str,
) -> AsyncIterator[StartedSession]:
    clock = MovableClock(NOW)
    async with serving(folder, clock, steady=steady, relay=relay, **settings) as server:
        await server.account()
        async with AsyncExitStack() as stack:
            session = StartedSession(server, stack)
            await session.start(*colleagues)
            yield session
