"""Hosts that carry relay workers only: calls of other hosts go over them."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from media import messages
from media.relay.host_links import HostLink
from signaling.calls.call import RECONNECT_GRACE
from tests.media.support import until
from tests.people import Person
from tests.web.calling import Page, StartedSession
from tests.web.hosts.hosts import member
from tests.web.hosts.relay_hosts import links, place_of, session_over
from web.hosts.relay_link import RelayHostLink
from web.keys import RELAY

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


async def call_of_three(session: StartedSession) -> tuple[Page, Page, Page]:
    """Three people who hear each other over the relay."""
    nurse, amina = await session.pair(speaking=True)
    lee = await session.come("lee")
    lee.speak()
    await session.join(lee)
    pages = (nurse, amina, lee)
    await all_hear(*pages)
    await session.ready(*pages)
    for page in pages:
        await page.goes("forwarded")
    return pages


async def all_hear(*pages: Page) -> None:
    """Everybody is heard from now on."""
    before = {page.peer_id: page.heard for page in pages}
    for page in pages:
        await until(
            lambda page=page: page.heard > before[page.peer_id] + 20, f"{page.peer_id} hears"
        )


async def test_a_call_of_three_goes_over_a_relay_only_host(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        await call_of_three(session)
        assert session.legs() == {"nurse-page", "amina-page", "lee-page"}
        await hosts.until_figure("relay", "teleconnect_relay_participants", 3)
        assert session.server.app[RELAY].state == "ok"


async def test_a_killed_relay_only_host_loses_its_calls_to_another(tmp_path: Path) -> None:
    async with session_over(tmp_path, "east", "west") as (session, hosts):
        pages = await call_of_three(session)
        first = await place_of(hosts)
        began = asyncio.get_running_loop().time()
        await hosts.end(first, signal.SIGKILL)
        (last,) = {"east", "west"} - {first}
        await hosts.until_figure(last, "teleconnect_relay_participants", 3)
        await all_hear(*pages)
        print(
            f"all heard for 0.4 s, {asyncio.get_running_loop().time() - began:.1f} s after the kill"
        )


async def test_a_worker_that_dies_there_is_replaced_there(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        pages = await call_of_three(session)
        (link,) = links(session)._links.values()
        os.kill(hosts.worker("relay"), signal.SIGKILL)
        await all_hear(*pages)
        assert list(links(session)._links.values()) == [link], "the link is the same"


async def test_a_relay_only_host_that_leaves_gets_no_new_calls_and_its_own_move(
    tmp_path: Path,
) -> None:
    async with session_over(tmp_path, "east", "west") as (session, hosts):
        pages = await call_of_three(session)
        first = await place_of(hosts)
        hosts.running[first].send_signal(signal.SIGTERM)
        others = member(session.server)
        await until(
            lambda: any(each.name == first and each.draining for each in others.hosts.values()),
            "it is seen to leave",
        )
        assert (await hosts.ask(first, "/readyz"))[0] == 503
        await all_hear(*pages)
        await links(session).open_room("another")
        (last,) = {"east", "west"} - {first}
        await hosts.until_figure(last, "teleconnect_relay_rooms", 1)
        await links(session).close_room("another")
        await hosts.end(first, signal.SIGTERM)  # the second: it waits no longer
        await all_hear(*pages)
        await hosts.until_figure(last, "teleconnect_relay_participants", 3)


async def test_without_any_relay_only_host_a_call_goes_on_directly(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        assert session.server.app[RELAY].usable
        await hosts.end("relay", signal.SIGTERM)
        await until(lambda: not member(session.server).peers(), "nobody else is there")
        await until(lambda: not session.server.app[RELAY].usable, "there is no relay")
        assert session.server.app[RELAY].state == "unavailable"
        assert session.server.app[RELAY].problem == "TELECONNECT_RELAY_WORKERS is 0."
        nurse, _ = await session.pair()
        await session.join(await session.come("lee"))
        await nurse.goes("mesh")


async def test_a_call_whose_only_relay_only_host_dies_returns_with_the_next_one(
    tmp_path: Path,
) -> None:
    async with session_over(tmp_path, "east") as (session, hosts):
        pages = await call_of_three(session)
        await hosts.end("east", signal.SIGKILL)
        await until(lambda: not links(session).healthy, "nothing is left")
        await hosts.start("west")
        await hosts.until_figure("west", "teleconnect_relay_participants", 3)
        await all_hear(*pages)


async def test_a_call_without_any_relay_only_host_left_goes_on_directly(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        pages = await call_of_three(session)
        await hosts.end("relay", signal.SIGKILL)
        await until(lambda: not session.server.app[RELAY].usable, "there is no relay")
        await session.pass_time(RECONNECT_GRACE)
        for page in pages:
            await page.goes("mesh")
            assert page.call is not None
            states = [member["state"] for member in page.call["members"]]
            assert states == ["joined"] * 3, "nobody has to leave"


async def test_a_link_that_is_cut_is_made_again_and_the_call_returns(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        pages = await call_of_three(session)
        (link,) = links(session)._links.values()
        cut(link)
        await until(lambda: link not in links(session)._links.values(), "the link is gone")
        await until(lambda: links(session)._links, "there is another")
        await hosts.until_figure("relay", "teleconnect_relay_participants", 3)
        await all_hear(*pages)


async def test_a_relay_only_host_that_hangs_loses_its_calls_and_forgets_them_afterwards(
    tmp_path: Path,
) -> None:
    """SIGSTOP: its workers go on meanwhile, and nobody commands them."""
    async with session_over(tmp_path, "east", "west") as (session, hosts):
        pages = await call_of_three(session)
        first = await place_of(hosts)
        (last,) = {"east", "west"} - {first}
        began = asyncio.get_running_loop().time()
        hosts.running[first].send_signal(signal.SIGSTOP)
        await hosts.until_figure(last, "teleconnect_relay_participants", 3)
        await all_hear(*pages)
        print(
            f"all heard for 0.4 s, {asyncio.get_running_loop().time() - began:.1f} s after SIGSTOP"
        )
        hosts.running[first].send_signal(signal.SIGCONT)
        await hosts.until_figure(first, "teleconnect_relay_participants", 0)
        await all_hear(*pages)


async def test_a_call_goes_on_at_a_host_that_was_ended_in_the_database(tmp_path: Path) -> None:
    """As after it has not reached PostgreSQL for a while; it begins anew under another id."""
    async with session_over(tmp_path, "relay") as (session, hosts):
        pages = await call_of_three(session)
        (link,) = links(session)._links.values()
        (host,) = (each for each in member(session.server).hosts.values() if each.role == "relay")
        await member(session.server)._line.remove(host.id)
        await until(lambda: link.gone, "it is none of the hosts any more")
        await until(lambda: len(links(session)._links) == 2, "it is one of them again")
        await all_hear(*pages)
        assert link.alive
        await hosts.until_figure("relay", "teleconnect_relay_rooms", 1)
        assert pages[0].call is not None
        for page in pages[:2]:
            await page.command("call_leave", call_id=pages[0].call["call_id"])
        await until(lambda: not link.alive, "with its last room the link has ended")
        assert links(session).healthy


async def test_a_host_of_another_version_is_named_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_over(tmp_path, "relay") as (session, _):
        monkeypatch.setattr(messages, "dialect", lambda: "of another version")
        (link,) = links(session)._links.values()
        cut(link)
        await until(
            lambda: "the relay-only host relay is not used: it runs another version" in caplog.text,
            "it is said",
        )
        assert not links(session).healthy
        assert session.server.app[RELAY].state == "restarting"


async def test_administrators_see_and_empty_a_relay_only_host(tmp_path: Path) -> None:
    async with session_over(tmp_path, "relay") as (session, hosts):
        await call_of_three(session)
        server = session.server
        await server.account("root@example.org", "Root", "administrator")
        (host_id,) = {each.id for each in member(server).hosts.values() if each.role == "relay"}
        seen = member(server).hosts
        await until(lambda: member(server).hosts[host_id].figures.people == 3, "its figures")
        assert not member(server).peers(), "it is given no session"
        async with Person(server) as root:
            await root.sign_in("root@example.org")
            page = (await root.get("/admin/health")).text
            row = page[page.index("<bdi>relay</bdi>") :]
            assert '<span class="tag">Relay</span>' in row
            assert "Sessions: 1. People connected: 3." in row
            assert (await root.post(f"/admin/hosts/{host_id}/empty")).status == 303
            await until(lambda: member(server).hosts[host_id].draining, "it is being emptied")
            assert (await hosts.ask("relay", "/readyz"))[0] == 503
            assert (await root.post(f"/admin/hosts/{host_id}/fill")).status == 303
            await until(lambda: not member(server).hosts[host_id].draining, "it takes calls again")
            assert (await hosts.ask("relay", "/readyz"))[0] == 200
        assert seen.keys() == member(server).hosts.keys()


def cut(link: HostLink) -> None:
    """End the connection, as a network does."""
    assert isinstance(link, RelayHostLink)
    connection = link._socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
