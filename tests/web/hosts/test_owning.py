"""Hosts over one database: each session is one's, and whoever dies or leaves loses them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from signaling.account import Team
from signaling.errors import HostAway, Unavailable
from signaling.hosts.lease import ACTS_FOR
from storage.engine.database import NOBODY
from tests.people import PATIENCE, Person, Refused, Wire, an_id, consultation_of
from tests.serving import Server
from tests.web.hosts.hosts import hosts, member, shared, soon
from web.hosts.hand_over import PASSING
from web.hosts.starting import leave
from web.keys import CALLING, CLOCK, ROOMS, RUNTIME_SETTINGS, STORE

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[list[Server]]:
    async with hosts(tmp_path, 2) as servers:
        yield servers


async def test_a_session_is_answered_by_one_host_whichever_is_asked(both: list[Server]) -> None:
    one, other = both
    async with Person(one) as nurse, Person(other) as phone:
        await nurse.sign_in()
        link = await nurse.invite()
        seat = await phone.join(link)
        amina = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        await desk.say("How are you?")
        heard = await amina.until("chat_added")
        while heard["message"].get("text") != "How are you?":
            heard = await amina.until("chat_added")
        owners = [server for server in both if server.app[ROOMS].hub.room(consultation_id)]
        assert len(owners) == 1
        found = await one.app[STORE].read.hosts.owner_of(consultation_id)
        assert found is not None
        assert found.id == member(owners[0]).host_id


@dataclass
class Meeting:
    """A session in progress: the nurse's page at one host, Amina's at the other."""

    nurse: Person
    phone: Person
    seat: str
    consultation_id: str
    desk: Wire
    amina: Wire
    owner: Server
    other: Server


@pytest.fixture
async def meeting(both: list[Server]) -> AsyncIterator[Meeting]:
    one, two = both
    async with Person(one) as nurse, Person(two) as phone:
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        amina = await phone.enter(invite_id=seat)
        consultation_id = await consultation_of(amina)
        desk = await nurse.enter(consultation_id=consultation_id)
        await desk.command("start_consultation")
        owner = one if one.app[ROOMS].hub.room(consultation_id) else two
        other = two if owner is one else one
        yield Meeting(nurse, phone, seat, consultation_id, desk, amina, owner, other)


async def test_a_host_that_does_not_renew_is_ended_and_its_sessions_go_on_at_the_other(
    meeting: Meeting,
) -> None:
    """As when its process hangs: nothing that it writes afterwards is kept."""
    await meeting.desk.say("one", "message-000001")
    hanging = member(meeting.owner)
    before = hanging.host_id
    assert hanging._task is not None
    hanging._task.cancel()
    began = asyncio.get_running_loop().time()
    guest = Person(meeting.other)
    guest.plant(meeting.phone.cookie)
    there = await guest.enter(invite_id=meeting.seat)  # it acts for a moment
    assert await there.end() == 1012
    there = await guest.enter(invite_id=meeting.seat)
    took = asyncio.get_running_loop().time() - began
    assert meeting.other.app[ROOMS].hub.room(meeting.consultation_id)
    assert took > ACTS_FOR
    assert [line["text"] for line in await there.chat() if line["kind"] == "text"] == ["one"]
    assert not hanging.acts
    store = meeting.owner.app[STORE]
    with pytest.raises(Unavailable):
        await store.write(lambda records: records.settings.put("brand", "Mine"))
    with pytest.raises(Refused):
        await meeting.desk.say("two", "message-000002")
    # it goes on, finds that it has been ended, and is another host from then on
    hanging._task = asyncio.create_task(hanging._keep())
    assert await meeting.desk.end() == 1012
    await soon(lambda: hanging.acts and hanging.host_id != before)
    assert not meeting.owner.app[ROOMS].hub.room(meeting.consultation_id)
    await store.write(lambda records: records.settings.put("brand", "Ours"))
    back = await meeting.nurse.enter(consultation_id=meeting.consultation_id)
    await back.say("two", "message-000002")
    texts = [line["text"] for line in await back.chat() if line["kind"] == "text"]
    await there.until("chat_added")
    assert texts == ["one"]
    await guest.close()


async def test_who_stops_frees_its_rooms_at_once(tmp_path: Path) -> None:
    common = await shared(tmp_path)
    async with common.host("staying") as staying:
        await staying.account()
        async with common.host("leaving") as leaving:
            nurse, phone = Person(leaving), Person(leaving)
            await nurse.sign_in()
            seat = await phone.join(await nurse.invite())
            amina = await phone.enter(invite_id=seat)
            assert leaving.app[ROOMS].hub.room_count() == 1
            ending = asyncio.create_task(amina.end())
        assert await ending == 1012
        began = asyncio.get_running_loop().time()
        async with Person(staying) as guest:
            guest.plant(phone.cookie)
            await guest.enter(invite_id=seat)
        assert asyncio.get_running_loop().time() - began < ACTS_FOR
        await nurse.close()
        await phone.close()


async def test_a_host_that_is_emptied_gives_its_sessions_to_the_other(meeting: Meeting) -> None:
    await leave(meeting.owner.app, 0)
    assert await meeting.desk.end() == 1012
    assert await meeting.amina.end() == 1012
    desk = await meeting.nurse.enter(consultation_id=meeting.consultation_id)
    amina = await meeting.phone.enter(invite_id=meeting.seat)
    assert meeting.other.app[ROOMS].hub.room(meeting.consultation_id)
    assert not meeting.owner.app[ROOMS].hub.room(meeting.consultation_id)
    await desk.say("here")
    await amina.until("chat_added")
    async with Person(meeting.owner) as balancer:
        assert (await balancer.get("/readyz")).status == 503
    async with Person(meeting.other) as balancer:
        assert (await balancer.get("/readyz")).status == 200


async def test_who_waits_on_one_host_is_in_the_lobby_of_the_other(both: list[Server]) -> None:
    one, two = both
    async with Person(one) as nurse, Person(two) as phone:
        await nurse.sign_in()
        link = await nurse.invite()
        watching = await lobby(nurse)
        seat = await phone.join(link)
        amina = await phone.enter(invite_id=seat)
        waiting: list[Any] = []
        while not waiting:
            waiting = (await watching.until("lobby"))["waiting"]
        assert [each["name"] for each in waiting] == ["Amina"]
        assert "Amina" in (await nurse.get("/waiting-room")).text
        answer = await nurse.post("/waiting-room/next")
        assert answer.location == f"/sessions/{await consultation_of(amina)}"
        await amina.ws.close()
        while waiting:
            waiting = (await watching.until("lobby"))["waiting"]
        async with Person(one) as stranger:
            assert (await stranger.get("/hosts/waiting?account=x")).status == 404


async def waits(watching: Wire, name: str) -> None:
    """Until the lobby shows somebody."""
    shown: list[str] = []
    while name not in shown:
        shown = [each["name"] for each in (await watching.until("lobby"))["waiting"]]


@dataclass
class Awaited:
    """Amina's session is one host's, and the nurse looks at the lobby of the other."""

    owner: Server
    other: Server
    phone: Person
    seat: str
    watching: Wire


@pytest.fixture
async def awaited(both: list[Server]) -> AsyncIterator[Awaited]:
    async with Person(both[0]) as nurse, Person(both[1]) as phone:
        await nurse.sign_in()
        seat = await phone.join(await nurse.invite())
        read = both[0].app[STORE].read
        consultation_id = await read.invites.consultation_of(seat)
        assert consultation_id is not None
        found = await read.hosts.owner_of(consultation_id)
        assert found is not None
        owner, other = sorted(both, key=lambda each: member(each).host_id != found.id)
        async with Person(other) as there:
            there.plant(nurse.cookie)
            yield Awaited(owner, other, phone, seat, await lobby(there))


async def test_a_host_that_did_not_answer_who_waits_is_asked_again(
    awaited: Awaited, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing, asked = awaited.other.app[PASSING], asyncio.Event()

    async def away(*_: object) -> bytes:
        asked.set()
        monkeypatch.undo()
        raise HostAway

    monkeypatch.setattr(passing, "ask", away)
    async with stays(awaited.phone, awaited.seat), asyncio.timeout(PATIENCE):
        await asked.wait()
        await waits(awaited.watching, "Amina")


@asynccontextmanager
async def stays(phone: Person, seat: str) -> AsyncIterator[None]:
    """Whoever waits comes back as a page does: on a busy machine a host may lose its lease meanwhile."""

    async def stay() -> None:
        while True:
            with contextlib.suppress(Refused):
                await (await phone.enter(invite_id=seat)).end()

    staying = asyncio.create_task(stay())
    try:
        yield
    finally:
        staying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await staying


async def test_what_could_not_be_told_is_told_later(awaited: Awaited) -> None:
    member(awaited.owner)._line.close()  # it is opened again with the next renewal
    async with stays(awaited.phone, awaited.seat), asyncio.timeout(PATIENCE):
        await waits(awaited.watching, "Amina")


async def lobby(person: Person) -> Wire:
    wire = await person.connect()
    await wire.send("hello", version=3, stream="lobby", peer_id=an_id("peer"))
    await wire.until("lobby")
    return wire


async def test_what_an_administrator_changes_holds_on_every_host(both: list[Server]) -> None:
    one, two = both
    store = one.app[STORE]
    await store.write(lambda records: records.settings.put("brand", "Clinic"))
    await one.app[RUNTIME_SETTINGS].load(store)
    await soon(lambda: two.app[RUNTIME_SETTINGS].brand == "Clinic")
    ann = await one.account("ann@example.org", "Ann")
    bob = await one.account("bob@example.org", "Bob")
    await store.write(lambda records: records.teams.put(Team("team-000001", "Ward", ())))
    for each in (ann, bob):
        await store.write(
            lambda records, each=each: records.teams.add_member("team-000001", each.id)  # type: ignore[misc]
        )
    await soon(lambda: two.app[ROOMS].hub.mates.get(ann.id) == frozenset({bob.id}))


async def test_who_signs_out_at_one_host_is_out_at_all(meeting: Meeting) -> None:
    assert (await meeting.nurse.post("/signout")).status == 303
    assert await meeting.desk.end() in (4401, 4410)


async def test_a_session_that_another_process_changes_is_read_again(meeting: Meeting) -> None:
    """As by a timer that runs on the other host."""
    closed = replace(
        (await meeting.other.app[STORE].read.consultations.get(meeting.consultation_id))
        or pytest.fail("it is gone"),
        state="closed", closed_at=meeting.other.app[CLOCK].now(),
    )  # fmt: skip
    await meeting.other.app[STORE].write(lambda records: records.consultations.change(closed))
    assert await meeting.desk.end() == 1012  # to see what it is now
    assert await meeting.amina.end() == 4410
    with pytest.raises(Refused) as refused:
        await meeting.phone.enter(invite_id=meeting.seat)
    assert refused.value.code in ("session_closed", "invite_not_usable", "not_found")


async def test_the_page_health_shows_the_hosts(meeting: Meeting) -> None:
    await meeting.owner.account("root@example.org", "Root", "administrator")
    async with Person(meeting.other) as root:
        await root.sign_in("root@example.org")
        page = (await root.get("/admin/health")).text
        assert "host-1" in page
        assert "host-2" in page
        host_id = member(meeting.owner).host_id
        assert (await root.post(f"/admin/hosts/{host_id}/empty")).status == 303
        assert await meeting.desk.end() == 1012
        await soon(lambda: member(meeting.other).hosts[host_id].draining)
        assert "Is being emptied" in (await root.get("/admin/health")).text
        assert (await root.post(f"/admin/hosts/{host_id}/fill")).status == 303
        await soon(lambda: not member(meeting.other).hosts[host_id].draining)
        assert (await root.post("/admin/hosts/unknown-host/empty")).status == 404


@asynccontextmanager
async def held_up(server: Server, consultation_id: str) -> AsyncIterator[None]:
    """What is written about a session there waits."""
    go, begun = asyncio.Event(), asyncio.Event()

    async def work(_: Any) -> None:
        begun.set()
        await go.wait()

    writing = asyncio.create_task(server.app[STORE].write(work, consultation_id))
    await begun.wait()
    yield
    go.set()
    await writing


async def test_a_room_that_is_being_left_is_nobodys_to_enter(meeting: Meeting) -> None:
    """Its row still says that it is this host's; soon it may be the other's."""
    leaving = member(meeting.owner)
    async with held_up(meeting.owner, meeting.consultation_id):
        releasing = asyncio.create_task(leaving.release(leaving.rooms))
        assert await meeting.desk.end() == 1012
        with pytest.raises(HostAway):
            await leaving.owner(meeting.consultation_id)
        with pytest.raises(HostAway):
            await meeting.owner.app[ROOMS].open(meeting.consultation_id)
    await releasing
    read = meeting.owner.app[STORE].read
    assert await read.hosts.owner_of(meeting.consultation_id) is None
    assert not meeting.owner.app[ROOMS].hub.room(meeting.consultation_id)
    assert await member(meeting.other).owner(meeting.consultation_id) is None
    assert (await leaving.owner(meeting.consultation_id)) is not None


async def test_a_room_that_could_not_be_left_is_taken_again_or_left_later(meeting: Meeting) -> None:
    leaving, store = member(meeting.owner), meeting.owner.app[STORE]
    store.write_as(NOBODY)  # as while the database refuses
    with pytest.raises(Unavailable):
        await leaving.release(leaving.rooms)
    store.write_as(leaving.host_id)
    assert not leaving.rooms
    assert await leaving.owner(meeting.consultation_id) is None
    assert leaving.rooms == {meeting.consultation_id}
    store.write_as(NOBODY)
    with pytest.raises(Unavailable):
        await leaving.release(leaving.rooms)
    store.write_as(leaving.host_id)
    await leaving.release(set())
    assert await store.read.hosts.owner_of(meeting.consultation_id) is None


async def test_what_waited_in_a_room_changes_nothing_once_it_is_given_up(meeting: Meeting) -> None:
    leaving, rooms = member(meeting.owner), meeting.owner.app[ROOMS]
    room = rooms.hub.room(meeting.consultation_id)
    assert room is not None
    changes = meeting.owner.app[CALLING]._changes

    async def enter(within: AbstractAsyncContextManager[object]) -> None:
        async with within:
            pytest.fail("another host answers for it")

    async with rooms.exclusive(meeting.consultation_id):
        waiting = [
            asyncio.create_task(enter(rooms.exclusive(meeting.consultation_id))),
            asyncio.create_task(enter(changes.exclusive(room))),
        ]
        await asyncio.sleep(0)
        await leaving.release(leaving.rooms)
    for each in waiting:
        with pytest.raises(HostAway):
            await each


async def test_an_unknown_session_is_nobodys_and_nothing_is_written(
    both: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        pytest.fail("anybody could cause any number of transactions")

    monkeypatch.setattr(both[0].app[STORE], "write", refuse)
    assert await member(both[0]).owner("unknown-session-000001") is None


async def test_the_key_of_a_deleted_session_is_in_no_hosts_memory(meeting: Meeting) -> None:
    here, there = meeting.owner.app[STORE], meeting.other.app[STORE]
    await there.read.chat.page(meeting.consultation_id)
    assert meeting.consultation_id in there._vault._opened
    await here.write(lambda records: records.consultations.purge(meeting.consultation_id))
    await soon(lambda: meeting.consultation_id not in there._vault._opened)
    assert meeting.consultation_id not in here._vault._opened
