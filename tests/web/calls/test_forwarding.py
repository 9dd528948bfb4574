"""Calls through the relay on a real server: who gets a connection, when, and the call's topology."""

import os
import signal
import socket as sockets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from media.rtp.codecs import Kind
from signaling.calls.topology import CALM, CONNECT_WITHIN, MOVE_WITHIN
from tests.media.support import until
from tests.people import Person
from tests.serving import serving
from tests.web.calling import Page, StartedSession, started_session
from web.keys import RELAY, ROOMS

pytestmark = pytest.mark.slow


async def test_the_third_one_takes_the_call_to_the_relay_and_it_comes_back(
    tmp_path: Path,
) -> None:
    async with started_session(tmp_path, "lee") as session:
        nurse, amina = await session.pair(speaking=True)
        await nurse.goes("mesh")
        assert session.legs() == set()
        lee = await session.come("lee")
        lee.speak()
        await session.join(lee)
        for page in (nurse, amina, lee):
            await page.goes("mesh", "forwarded")
            await until(lambda page=page: page.heard > 20, f"{page.peer_id} hears by the relay")
        await session.ready(nurse, amina, lee)
        for page in (nurse, amina, lee):
            await page.goes("forwarded")

        assert lee.call is not None
        await lee.command("call_leave", call_id=lee.call["call_id"])
        await until(lambda: session.legs() == {"nurse-page", "amina-page"}, "lee's leg is gone")
        await nurse.goes("forwarded")
        await session.pass_time(CALM)
        await nurse.goes("forwarded", "mesh")
        await session.ready(nurse, amina, topology="mesh")
        await nurse.goes("mesh")
        await until(lambda: not session.legs(), "nobody has a leg any more")


async def test_only_who_is_in_the_call_has_a_leg(tmp_path: Path) -> None:
    async with started_session(tmp_path, "lee", "kim") as session:
        nurse, _ = await session.pair()
        lee, kim = await session.come("lee"), await session.come("kim")
        await session.join(lee)
        await until(lambda: lee.offers and nurse.offers, "those in the call are offered legs")
        stranger = {"revision": nurse.offers[0]["revision"], "sdp": nurse.offers[0]["sdp"]}
        for kind, members in (
            ("relay_answer", stranger),
            ("path_ready", {"topology": "forwarded", "peers": ["nurse-page"]}),
            ("path_failed", {"to": "nurse-page"}),
            ("tile_shown", {"peer_id": "nurse-page", "kind": "video", "height": 180}),
        ):
            before = len(kim.of("error"))
            await kim.wire.send(kind, **members)
            await until(lambda before=before: len(kim.of("error")) > before, "a refusal")
            assert kim.of("error")[-1]["code"] == "not_found"
        assert not kim.offers
        assert session.legs() == {"nurse-page", "amina-page", "lee-page"}
        # An answer to somebody else's offer does not answer one's own.
        await lee.wire.send("relay_answer", **stranger)
        await lee.command("chat_send", text="still here")
        assert session.legs() == {"nurse-page", "amina-page", "lee-page"}


async def test_who_does_not_reach_the_relay_is_told_and_the_pair_goes_on(tmp_path: Path) -> None:
    async with started_session(tmp_path, "lee") as session:
        nurse, amina = await session.pair(speaking=True)
        lee = await session.come("lee")
        await session.join(lee)
        await nurse.goes("mesh", "forwarded")
        await until(lambda: nurse.heard and amina.heard, "the pair is connected with the relay")
        await session.pass_time(MOVE_WITHIN)
        await nurse.goes("mesh")
        await until(lambda: lee.of("call_lost"), "lee is told")
        assert not nurse.of("call_lost")
        assert not amina.of("call_lost")
        assert nurse.call is not None
        states = {member["participant_id"]: member["state"] for member in nurse.call["members"]}
        assert sorted(states.values()) == ["joined", "joined", "left"]
        await until(lambda: not session.legs(), "the relay is left")
        await lee.command("chat_send", text="I can write")
        await session.join(lee)
        await nurse.goes("mesh", "forwarded")


async def test_who_joins_a_forwarded_call_in_vain_leaves_it_alone(tmp_path: Path) -> None:
    async with started_session(tmp_path, "lee", TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair(speaking=True)
        await until(lambda: nurse.heard and amina.heard, "the pair hears each other")
        lee = await session.come("lee")
        await session.join(lee)
        await until(lambda: lee.offers, "lee is offered a leg")
        await session.pass_time(CONNECT_WITHIN)
        await until(lambda: lee.of("call_lost"), "lee is told")
        await until(lambda: session.legs() == {"nurse-page", "amina-page"}, "the others go on")
        assert nurse.call is not None
        assert nurse.call["state"] == "ongoing"


async def test_a_pair_without_a_path_goes_to_the_relay(tmp_path: Path) -> None:
    async with started_session(tmp_path) as session:
        nurse, amina = await session.pair(speaking=True)
        await amina.wire.send("path_failed", to="nurse-page")
        await nurse.goes("mesh", "forwarded")
        await until(lambda: nurse.heard and amina.heard, "they hear each other")
        await session.ready(nurse, amina)
        await nurse.goes("forwarded")
        await session.pass_time(CALM * 3)
        await nurse.goes("forwarded")


async def test_hidden_addresses_are_shown_to_nobody(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair()
        await nurse.goes("forwarded")
        await until(lambda: nurse.offers and amina.offers, "both are offered legs")
        description = {"kind": "offer", "sdp": "v=0\r\n"}
        await nurse.wire.send("send_description", to="amina-page", description=description)
        await until(lambda: nurse.of("error"), "it is refused")
        await nurse.wire.send("send_candidate", to="amina-page", candidate={"candidate": "x"})
        await nurse.command("chat_send", text="after that")
        await until(lambda: amina.of("chat_added"), "the text")
        assert not amina.of("description")
        assert not amina.of("candidate")


async def test_without_a_relay_hidden_addresses_are_taken_out(tmp_path: Path) -> None:
    async with started_session(tmp_path, relay=False, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair()
        own = "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"
        turned = "candidate:2 1 udp 41885439 198.51.100.1 50001 typ relay raddr 0.0.0.0 rport 0"
        sdp = f"v=0\r\na={own}\r\na={turned}\r\na=end-of-candidates\r\n"
        offer = {"kind": "offer", "sdp": sdp, "revision": 7}
        await nurse.wire.send("send_description", to="amina-page", description=offer)
        for candidate in (own, turned):
            await nurse.wire.send(
                "send_candidate", to="amina-page", candidate={"candidate": candidate}
            )
        await until(lambda: amina.of("candidate"), "the candidate of the TURN server")
        (passed,) = amina.of("description")
        kept = f"v=0\r\na={turned}\r\na=end-of-candidates\r\n"
        assert passed["description"] == {**offer, "sdp": kept}
        assert [frame["candidate"]["candidate"] for frame in amina.of("candidate")] == [turned]


async def test_without_a_relay_three_are_a_mesh(tmp_path: Path) -> None:
    async with started_session(tmp_path, "lee", relay=False) as session:
        nurse, _ = await session.pair()
        lee = await session.come("lee")
        await session.join(lee)
        description = {"kind": "offer", "sdp": "v=0\r\n"}
        await lee.wire.send("send_description", to="nurse-page", description=description)
        await until(lambda: nurse.of("description"), "lee's offer")
        await nurse.goes("mesh")


async def test_a_taken_port_is_told_and_calls_go_on_directly(tmp_path: Path) -> None:
    with sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        settings = {
            "TELECONNECT_RELAY_ADDRESS": "127.0.0.1",
            "TELECONNECT_RELAY_PORT": str(other.getsockname()[1]),
        }
        async with started_session(tmp_path, "lee", **settings) as session:
            nurse, _ = await session.pair()
            answer = await nurse.person.get("/readyz")
            assert (answer.status, '"relay": "unavailable"' in answer.text) == (200, True)
            await session.join(await session.come("lee"))
            await nurse.goes("mesh")
            assert settings["TELECONNECT_RELAY_PORT"] in session.server.app[RELAY].problem


async def test_a_reloaded_page_gets_a_leg_of_its_own(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, _ = await session.pair()
        await until(lambda: session.legs() == {"nurse-page", "amina-page"}, "both have legs")
        again = await session.reload("amina", "amina-again")
        await until(lambda: session.legs() == {"nurse-page"}, "the old page's leg is gone")
        await session.join(again)
        await until(lambda: again.offers, "the new page is offered one")
        assert session.legs() == {"nurse-page", "amina-again"}
        assert nurse.call is not None
        assert nurse.call["state"] == "ongoing"


async def test_an_unanswered_offer_is_said_again_on_the_next_socket(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        await session.pair()
        amina = session.pages["amina"]
        await until(lambda: amina.offers, "an offer")
        again = await session.reload("amina")
        await until(lambda: again.offers, "the offer again")
        assert again.offers[0] == amina.offers[-1]


async def test_an_offer_that_fell_into_a_gap_of_the_line_is_said_again(tmp_path: Path) -> None:
    """Also for a connected page: the relay waits for its answer before it offers more."""
    async with started_session(tmp_path, "lee", TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair(speaking=True)
        await until(lambda: nurse.heard and amina.heard, "they hear each other")
        await amina.wire.ws.close()
        lee = await session.come("lee")
        lee.speak()
        await session.join(lee)
        await until(lambda: lee.heard > 20, "lee hears")

        def from_lee(page: Page) -> list[dict[str, Any]]:
            return [
                track
                for track in (page.offers[-1]["tracks"] if page.offers else [])
                if (track["direction"], track["peer_id"]) == ("subscribe", "lee-page")
            ]

        await until(lambda: from_lee(nurse), "the nurse was offered lee")
        assert not from_lee(amina)
        media, amina.media = amina.media, None
        again = await session.reload("amina")
        await until(lambda: from_lee(again), "amina is offered lee")
        assert media is not None
        again.media = media
        assert not again.offers[-1]["fresh"], "the connection goes on"


async def test_a_shared_screen_gets_a_line_of_its_own(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, _ = await session.pair(speaking=True)

        def screens() -> list[dict[str, Any]]:
            return [track for track in nurse.offers[-1]["tracks"] if track["kind"] == "screen"]

        await until(lambda: nurse.heard, "the nurse is connected")
        assert not screens()
        shared = {"microphone": True, "camera": False, "screen": True}
        await nurse.wire.send("set_media", media=shared)
        await until(screens, "a line for the screen")
        await nurse.wire.send("set_media", media={**shared, "screen": False})
        await until(lambda: not screens(), "no line for the screen")


async def test_a_killed_worker_brings_everybody_back(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair(speaking=True)
        await until(lambda: nurse.heard > 20 and amina.heard > 20, "they hear each other")
        relay = session.server.app[RELAY].relay
        assert relay is not None
        os.kill(relay.process_ids()[0], signal.SIGKILL)
        await until(
            lambda: all(
                sum(offer["fresh"] for offer in page.offers) == 2 for page in (nurse, amina)
            ),
            "fresh offers",
        )
        heard = nurse.heard, amina.heard
        await until(
            lambda: nurse.heard > heard[0] + 20 and amina.heard > heard[1] + 20,
            "they hear each other again",
        )
        assert not nurse.of("call_lost")


async def test_a_page_that_lost_the_relay_is_offered_a_new_connection(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair(speaking=True)
        await until(lambda: nurse.heard and amina.heard, "they hear each other")
        await session.pass_time(CONNECT_WITHIN / 2)
        await amina.wire.send("path_failed")
        await until(lambda: sum(offer["fresh"] for offer in amina.offers) == 2, "a fresh offer")
        heard = amina.heard
        await until(lambda: amina.heard > heard + 20, "amina hears again")


async def test_a_height_holds_that_was_said_while_the_others_leg_was_made_anew(
    tmp_path: Path,
) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, amina = await session.pair()
        await until(lambda: nurse.offers and amina.offers, "both are offered legs")
        shown = {"peer_id": "amina-page", "kind": "video"}
        await nurse.wire.send("tile_shown", **shown, height=None)
        await amina.wire.send("relay_answer", revision=amina.offers[-1]["revision"], sdp="v=0")
        await until(lambda: session.legs() == {"nurse-page"}, "amina's leg is gone")
        await nurse.wire.send("tile_shown", **shown, height=180)
        await nurse.command("chat_send", text="after that")
        await session.pass_time(CONNECT_WITHIN / 2)
        await until(lambda: "amina-page" in session.legs(), "amina has a leg again")
        assert session.heights("nurse-page") == {("amina-page", Kind.VIDEO): 180}


async def test_a_forwarded_call_outlives_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path, relay=True, TELECONNECT_MEDIA_POLICY="relay") as first:
        await first.account()
        async with AsyncExitStack() as stack:
            session = StartedSession(first, stack)
            await session.start()
            await session.pair()
            tokens = {name: page.person.cookie for name, page in session.pages.items()}
            seats = {name: page.seat for name, page in session.pages.items()}
    async with (
        serving(tmp_path, relay=True, TELECONNECT_MEDIA_POLICY="relay") as second,
        AsyncExitStack() as stack,
    ):
        session = StartedSession(second, stack)
        for name, token in tokens.items():
            person = await stack.enter_async_context(Person(second))
            person.plant(token)
            page = await session.sit(name, person, seats[name])
            page.speak()
        for page in session.pages.values():
            await page.goes("forwarded")
            await until(lambda page=page: page.offers, "a new offer")
        room = second.app[ROOMS].hub.room(seats["nurse"]["consultation_id"])
        assert room is not None
        assert room.call is not None
        assert len(room.call.joined()) == 2


async def test_a_session_that_is_terminated_leaves_the_relay(tmp_path: Path) -> None:
    async with started_session(tmp_path, "lee", TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, _ = await session.pair()
        lee = await session.come("lee")
        await session.join(lee)
        await until(lambda: "lee-page" in session.legs(), "lee has a leg")
        await nurse.command("terminate_consultation", choice="keep_open")
        await until(lambda: not session.legs(), "nobody has a leg")
