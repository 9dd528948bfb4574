"""The device test's connection to the relay: who gets one, and that nothing of it remains."""

import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from media.messages import OfferNeeded, Track
from media.rtp.codecs import Kind
from signaling.flows.calls.reachability import LONGEST, MOST
from signaling.token import token_digest
from tests.clock import MovableClock
from tests.media.support import Participant, track_of, until
from tests.people import Answer, Person
from tests.serving import Server, serving
from tests.web.calling import NOW, started_session
from web import keys
from web.access.rate_limits import LIMITS
from web.keys import CLOCKWORK, REACHABILITY, RELAY, STORE
from web.pages.device_checking import MAX_ANSWER_BYTES

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
OWN = "/device-test/relay"
"Where a trial begins for somebody who is signed in."


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, MovableClock(NOW), relay=True) as running:
        await running.account()
        yield running


@pytest.fixture
async def nurse(server: Server) -> AsyncIterator[Person]:
    async with Person(server, Accept="application/json") as person:
        await person.sign_in()
        yield person


async def begin(person: Person, address: str = OWN) -> dict[str, str]:
    begun = await person.post(address)
    assert begun.status == 200, begun.text
    trial: dict[str, str] = json.loads(begun.text)
    return trial


def offer(trial: dict[str, str]) -> OfferNeeded:
    """As a page accepts it: its only m= section is for audio that it may send."""
    (mid,) = [line for line in trial["sdp"].splitlines() if line.startswith("a=mid:")]
    track = Track(mid.removeprefix("a=mid:"), Kind.AUDIO, "publish", "page")
    return OfferNeeded("", "page", trial["sdp"], 0, (track,), fresh=True)


async def answer(person: Person, trial: dict[str, str], sdp: str) -> Answer:
    return await person.ask("POST", trial["address"], json={"sdp": sdp})


async def worker_has(server: Server, rooms: int) -> None:
    """Wait for this number of rooms, which the worker reports once a second."""
    relay = server.app[RELAY].relay
    assert relay is not None
    await until(lambda: relay.figures[0].rooms == rooms, f"the worker has {rooms} rooms")


def nothing_remains(server: Server) -> None:
    relay = server.app[RELAY].relay
    assert relay is not None
    assert not relay._rooms
    assert not server.app[RELAY]._listeners


async def pass_time(server: Server, by: timedelta) -> None:
    clock = server.app[CLOCKWORK].clock
    assert isinstance(clock, MovableClock)
    clock.move(by)
    await server.app[CLOCKWORK].run_due()


async def test_a_page_that_is_offered_a_leg_reaches_the_relay(
    server: Server, nurse: Person
) -> None:
    trial = await begin(nurse)
    assert trial["sdp"].count("\nm=") == 1
    await worker_has(server, 1)
    page = Participant("page", {Kind.AUDIO: track_of(Kind.AUDIO)})
    assert (await answer(nurse, trial, await page.describe(offer(trial)))).status == 204
    await until(lambda: page.connection.connectionState == "connected", "the relay is reached")

    assert (await nurse.ask("DELETE", trial["address"])).status == 204
    await worker_has(server, 0)
    nothing_remains(server)
    assert (await answer(nurse, trial, "v=0")).status == 404
    await page.close()


async def test_a_page_that_hangs_up_leaves_nothing_behind(server: Server, nurse: Person) -> None:
    trial = await begin(nurse)
    page = Participant("page", {Kind.AUDIO: track_of(Kind.AUDIO)})
    await answer(nurse, trial, await page.describe(offer(trial)))
    await until(lambda: page.connection.connectionState == "connected", "the relay is reached")
    await worker_has(server, 1)
    await page.close()
    await worker_has(server, 0)
    nothing_remains(server)


async def test_a_trial_nobody_answers_is_over_in_time(server: Server, nurse: Person) -> None:
    trial = await begin(nurse)
    await worker_has(server, 1)
    await pass_time(server, LONGEST - timedelta(seconds=1))
    assert server.app[RELAY]._listeners
    await pass_time(server, timedelta(seconds=1))
    await worker_has(server, 0)
    nothing_remains(server)
    assert (await answer(nurse, trial, "v=0")).status == 404


@pytest.mark.parametrize("body", [b"{", b'{"answer": ""}', b'{"sdp": "x"}'])
async def test_a_bad_answer_ends_the_trial(server: Server, nurse: Person, body: bytes) -> None:
    trial = await begin(nurse)
    await worker_has(server, 1)
    refused = await nurse.ask("POST", trial["address"], data=body, headers=JSON)
    assert refused.status == 400
    assert json.loads(refused.text)["code"] == "invalid_input"
    await worker_has(server, 0)
    nothing_remains(server)


async def test_an_answer_that_is_too_long_is_not_read(server: Server, nurse: Person) -> None:
    trial = await begin(nurse)
    assert (await answer(nurse, trial, "x" * MAX_ANSWER_BYTES)).status == 413


async def test_nobody_but_who_may_open_the_test_is_offered_a_leg(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server, Accept="application/json") as stranger:
        assert (await stranger.post(OWN)).status == 401
        assert (await stranger.post("/i/guessed/test/relay")).status == 410
        assert (await stranger.ask("POST", f"{OWN}/guessed", json={"sdp": ""})).status == 404
        assert (await stranger.ask("DELETE", f"{OWN}/guessed")).status == 204
        nothing_remains(server)
        assert f'data-relay-path="{link}/test/relay"' in (await stranger.get(f"{link}/test")).text
        await begin(stranger, f"{link}/test/relay")


async def test_another_site_can_end_no_trial(server: Server, nurse: Person) -> None:
    trial = await begin(nurse)
    forged = await nurse.ask("DELETE", trial["address"], headers={"Origin": "https://evil.example"})
    assert forged.status == 403
    assert server.app[RELAY]._listeners


async def test_everybody_gets_only_so_many_trials_a_minute_and_so_does_a_network(
    server: Server, nurse: Person
) -> None:
    for _ in range(10):
        await nurse.ask("DELETE", (await begin(nurse))["address"])
    refused = await nurse.post(OWN)
    assert refused.status == 429
    assert "Please try again in 1 minute." in json.loads(refused.text)["text"]
    statuses = []
    async with Person(server, Accept="application/json") as ward:
        for name in ("Amina", "Omar"):
            address = f"{await nurse.invite(name)}/test/relay"
            for _ in range(10):
                await ward.ask("DELETE", (await begin(ward, address))["address"])
            assert (await ward.post(address)).status == 429
        for number in range(50):
            statuses.append((await ward.post(f"/i/guess-{number}/test/relay")).status)
        last = f"{await nurse.invite('Fatma')}/test/relay"
        assert statuses == [410] * 40 + [429] * 10
        assert (await ward.post(last)).status == 429
        neighbor = {"X-Forwarded-For": "198.51.100.7"}  # as a proxy on this machine says
        assert (await ward.post(last, **neighbor)).status == 200


async def test_a_test_counts_for_its_browser_and_for_those_of_its_network_without_one(
    server: Server, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, network = LIMITS["device_test"], LIMITS["device_test_network"]
    assert network.amount >= 5 * own.amount
    monkeypatch.setitem(LIMITS, "device_test", own.__class__(2, 1))
    monkeypatch.setitem(LIMITS, "device_test_network", own.__class__(4, 1))
    async with Person(server) as stranger:
        address = "/device-test/download?bytes=1"
        assert [(await stranger.get(address)).status for _ in range(5)] == [200] * 4 + [429]
        assert [(await nurse.get(address)).status for _ in range(3)] == [200] * 2 + [429]
        # anybody gets one by beginning to sign in
        await server.app[STORE].write(
            lambda records: records.web_sessions.save(
                token_digest("begun"), None, "{}", NOW, NOW + timedelta(hours=1)
            )
        )
        stranger.plant("begun")
        assert (await stranger.get(address)).status == 429


async def test_names_that_are_made_up_take_no_memory_beyond_the_limit_of_a_network(
    server: Server, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = LIMITS["device_test"]
    monkeypatch.setitem(LIMITS, "device_test_network", own.__class__(4, 1))
    async with Person(server, Accept="application/json") as stranger:
        for number in range(9):
            await stranger.ask("POST", f"{OWN}/guess-{number}", json={"sdp": ""})
    kept = [name for name, _ in server.app[keys.LIMITS]._windows if name == "device_test"]
    assert len(kept) == 4


async def test_there_are_only_so_many_trials_at_once(server: Server, nurse: Person) -> None:
    trials = [await server.app[REACHABILITY].begin() for _ in range(MOST)]
    refused = await nurse.post(OWN)
    assert refused.status == 503
    assert "Calls cannot be tested right now" in json.loads(refused.text)["text"]
    await server.app[REACHABILITY].end(trials[0][0])
    await begin(nurse)


async def test_without_a_relay_the_page_does_not_ask_and_the_address_says_so(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server, Person(server, Accept="application/json") as nurse:
        await server.account()
        await nurse.sign_in()
        assert "data-relay-path" not in (await nurse.get("/device-test")).text
        refused = await nurse.post(OWN)
        assert refused.status == 503
        assert "Calls cannot be tested right now" in json.loads(refused.text)["text"]


async def test_a_trial_ends_with_its_worker(server: Server, nurse: Person) -> None:
    trial = await begin(nurse)
    relay = server.app[RELAY].relay
    assert relay is not None
    (worker,) = relay.process_ids()
    os.kill(worker, signal.SIGKILL)
    await until(lambda: relay.process_ids() not in ([], [worker]), "another worker is there")
    await until(lambda: not server.app[RELAY]._listeners, "the trial is over")
    assert (await answer(nurse, trial, "v=0")).status == 404
    await begin(nurse)
    await worker_has(server, 1)


async def test_a_call_hears_nothing_of_a_trial(tmp_path: Path) -> None:
    async with started_session(tmp_path, TELECONNECT_MEDIA_POLICY="relay") as session:
        nurse, _ = await session.pair()
        await until(
            lambda: session.legs() == {"nurse-page", "amina-page"}, "the pair is offered legs"
        )
        trial = await begin(nurse.person)
        assert trial["address"].rpartition("/")[2] in session.legs()
        await nurse.person.ask("DELETE", trial["address"])
        await until(lambda: session.legs() == {"nurse-page", "amina-page"}, "the trial is over")
        await nurse.command("chat_send", text="after that")
        assert [offer["sdp"] for offer in nurse.offers].count(trial["sdp"]) == 0
