"""A host that does not reach PostgreSQL any more: it has stopped before another begins to own its rooms.

PostgreSQL, three hosts, HAProxy and people are in network namespaces of their own. What is cut is what a
failing switch cuts: packets between two machines vanish in both directions, and nobody is told.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from scripts.traffic.network import Network, why_none
from tests.engines.postgresql import Cluster
from tests.people import PATIENCE, Refused, Wire
from tests.system.test_several_hosts import Talks, talking
from tests.web_hosts import Fleet, Site, Sites, fleet, insist, meeting
from tests.web_process import starting_elsewhere

pytestmark = pytest.mark.postgresql
ADDRESSES = {
    "database": "10.77.0.1",
    "balancer": "10.77.0.2",
    "people": "10.77.0.3",
    "host1": "10.77.0.11",
    "host2": "10.77.0.12",
    "host3": "10.77.0.13",
}
HOSTS = ("host1", "host2", "host3")
DATABASE = ADDRESSES["database"]
BETWEEN_LOOKS = 0.03
BETWEEN_PINGS = 0.1


LACKING = why_none(ADDRESSES)
REMARK = f"No host is cut from PostgreSQL. {LACKING}" if LACKING else ""


@dataclass
class Parted:
    """Hosts whose ways to each other can be cut."""

    network: Network
    hosts: Fleet

    def cut(self, number: int) -> None:
        """What passes between a host and PostgreSQL vanishes from now on."""
        self.network.shape(HOSTS[number], apart_from=[DATABASE])

    def heal(self, number: int) -> None:
        self.network.shape(HOSTS[number], apart_from=[])


def reachable(network: Network) -> Cluster:
    """A PostgreSQL of the test's own, which listens in its namespace."""
    made = Cluster(listen_addresses=DATABASE)
    with (made.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {DATABASE}/24 trust\n")
    with network.inside("database"):
        made.start()
    return made


@asynccontextmanager
async def parted(folder: Path) -> AsyncIterator[Parted]:
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Network(ADDRESSES))
        cluster = await asyncio.to_thread(reachable, network)
        stack.callback(cluster.remove)
        hosts = [
            Site(ADDRESSES[host], 8080, stack.enter_context(starting_elsewhere(command)))
            for host in HOSTS
            if (command := network.command(host))
        ]

        def connect(address: aiohttp.AddrInfoType) -> socket.socket:
            with network.inside("people"):
                return socket.socket(*address[:3])

        sites = Sites(
            hosts,
            Site(ADDRESSES["balancer"], 8080),
            cluster.url("postgres").replace("@/", f"@{DATABASE}/").partition("?")[0],
            tuple(network.command("balancer")),
            connect,
        )
        proxies = ",".join(ADDRESSES.values())
        started = fleet(folder, sites, cluster.url("postgres"), TELECONNECT_PROXIES=proxies)
        yield Parted(network, await stack.enter_async_context(started))


@dataclass
class Acting:
    """What a socket to one host shows of whether it acts. Times are those of the loop."""

    wire: Wire
    acted: list[float] = field(default_factory=list)
    "When it was asked, each time that it answered as who owns the room."
    refused: list[float] = field(default_factory=list)
    "When it had answered that it may not."
    closed: float | None = None

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            while True:
                asked = loop.time()
                await self.wire.send("ping")
                frame = await self.wire.frame()
                while frame["type"] not in ("pong", "error"):
                    frame = await self.wire.frame()
                if frame["type"] == "pong":
                    self.acted.append(asked)
                else:
                    self.refused.append(loop.time())
                await asyncio.sleep(BETWEEN_PINGS)
        self.closed = loop.time()


async def until_owned_by_another(hosts: Fleet, session: str, than: int) -> float:
    """When it was seen first."""
    async with asyncio.timeout(PATIENCE):
        while await hosts.owner(session) in (than, None):  # noqa: ASYNC110
            await asyncio.sleep(BETWEEN_LOOKS)
    return asyncio.get_running_loop().time()


async def until_ready(hosts: Fleet, number: int, status: int) -> float:
    """When this host was first seen to answer so, asked itself."""
    async with hosts.person(number) as balancer, asyncio.timeout(PATIENCE):
        while (await balancer.get("/readyz")).status != status:  # noqa: ASYNC110
            await asyncio.sleep(BETWEEN_LOOKS)
    return asyncio.get_running_loop().time()


async def ids_of_hosts(hosts: Fleet) -> dict[str, str]:
    """By name."""
    return {each.name: each.id for each in await hosts.store.read.hosts.all()}


async def check_the_cut(where: Parted, number: int, talks: Talks) -> None:
    hosts, loop = where.hosts, asyncio.get_running_loop()
    async with meeting(hosts, number) as met:
        said = await met.desk.say("before", "message-000001")
        before = await ids_of_hosts(hosts)
        acting = Acting(met.amina)
        watching = asyncio.create_task(acting.watch())
        async with asyncio.timeout(PATIENCE):
            while not acting.acted:  # noqa: ASYNC110
                await asyncio.sleep(BETWEEN_LOOKS)

        cut = loop.time()
        where.cut(number)
        async with hosts.person() as phone:
            phone.plant(met.phone.cookie)
            not_ready, elsewhere, there = await asyncio.gather(
                until_ready(hosts, number, 503),
                until_owned_by_another(hosts, met.session, number),
                insist(phone, invite_id=met.seat),
            )
            with pytest.raises((Refused, ConnectionError)):
                await met.desk.say("not here", "message-000002")
            await there.say("there", "message-000003")
            async with asyncio.timeout(PATIENCE):
                await watching
                await met.desk.end()
            await talks.until_all_are_heard()
            assert max(acting.acted) < elsewhere, "it acted for a room that was another's"
            assert acting.refused
            assert acting.closed is not None
            assert not_ready < acting.closed
            for name, at in {
                "answers 503": not_ready,
                "last answered as the owner, asked": max(acting.acted),
                "first refused": min(acting.refused),
                "the room is another's": elsewhere,
                "its sockets are closed": acting.closed,
            }.items():
                print(f"{at - cut:5.2f} s after the cut: {name}")
            chat = await (await phone.enter(invite_id=met.seat)).chat()
            texts = [line for line in chat if line["kind"] == "text"]
            assert [line["text"] for line in texts] == ["before", "there"]
            assert texts[0]["position"] == said["position"]

    where.heal(number)
    healed = loop.time()
    print(f"{await until_ready(hosts, number, 200) - healed:5.2f} s after the healing: ready again")
    after = await ids_of_hosts(hosts)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {HOSTS[number]}
    async with meeting(hosts, number) as again:  # it owns rooms again
        await again.desk.say("here again")


async def test_a_cut_host_has_stopped_before_another_begins(tmp_path: Path) -> None:
    for _ in () if LACKING else (1,):
        async with parted(tmp_path) as where, talking(where.hosts, sessions=2) as talks:
            [number] = {await where.hosts.owner(each) for each in list(talks.talkers)[:1]}
            assert number is not None
            began = asyncio.get_running_loop().time()
            await check_the_cut(where, number, talks)
            await talks.until_all_are_heard()
            silences = [each.silence(began) for each in talks.all]
            print("seconds without an answer:", sorted(round(each, 2) for each in silences))
