"""Who waits in rooms of other hosts, for the lists of this one's.

The owner of a room is asked, and nothing of it is stored: a list holds names, which the database has only
sealed, and would be written at each arrival. What changed is told without names; the answer comes from
host to host, with the mark of `web/hosts/mark.py`.
"""

import asyncio

import msgspec
from aiohttp import web

from signaling.errors import HostAway
from signaling.flows.calls.locks import Locks
from signaling.rooms.hub import Hub
from signaling.wire.values import WaitingEntry
from web.hosts.mark import read_mark
from web.hosts.membership import Membership
from web.hosts.passing import Passing
from web.hosts.ports import OWNERS, Peer
from web.keys import ROOMS
from web.routes import path

ACCOUNT = "account"
WITHIN = 2.0
"Seconds for the answer of another host; a list without its rooms is better than none."
AGAIN_AFTER = 1.0
"Seconds until a host that has not answered is asked again, for a list that is open."
_decoder = msgspec.json.Decoder(list[WaitingEntry])


class Elsewhere:
    def __init__(self, hub: Hub, membership: Membership, passing: Passing) -> None:
        self._hub = hub
        self._membership = membership
        self._passing = passing
        self._locks = Locks()
        self._to_ask: set[tuple[str, str]] = set()
        "(host id, account id): to be asked by a task that has not begun to."
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask_all(self, account_id: str) -> None:
        """Ask every other host who waits for an account."""
        peers = self._membership.peers()
        await asyncio.gather(*(self._ask_first(peer, account_id) for peer in peers))

    def changed(self, host_id: str, account_id: str) -> None:
        """Something has changed for an account on that host: ask until it answers."""
        key = host_id, account_id
        if self._hub.in_lobby(account_id) and key not in self._to_ask:
            self._to_ask.add(key)
            task = asyncio.create_task(self._ask_until(host_id, account_id), name="lobby elsewhere")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def changed_on(self, host_id: str) -> None:
        """The same, for everybody who has a lobby."""
        for account_id in self._hub.with_lobby():
            self.changed(host_id, account_id)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask_first(self, peer: Peer, account_id: str) -> None:
        if not await self._ask(peer, account_id):
            self.changed(peer.host_id, account_id)

    async def _ask_until(self, host_id: str, account_id: str) -> None:
        try:
            while (peer := self._peer(host_id)) and self._hub.in_lobby(account_id):
                if await self._ask(peer, account_id):
                    return
                self._to_ask.add((host_id, account_id))
                await asyncio.sleep(AGAIN_AFTER)
        finally:
            self._to_ask.discard((host_id, account_id))

    def _peer(self, host_id: str) -> Peer | None:
        peers = self._membership.peers()
        return next((peer for peer in peers if peer.host_id == host_id), None)

    async def _ask(self, peer: Peer, account_id: str) -> bool:
        """Whether it has answered."""
        # one after the other, or the older answer might be shown last
        async with self._locks.exclusive(f"{peer.host_id}:{account_id}"):
            self._to_ask.discard((peer.host_id, account_id))  # whatever changes now is asked again
            try:
                async with asyncio.timeout(WITHIN):
                    address = path("hosts_waiting", {ACCOUNT: account_id})
                    answer = await self._passing.ask(peer, self._membership.key, address)
                entries = _decoder.decode(answer)
            except (HostAway, TimeoutError, msgspec.MsgspecError):
                return False
            if self._peer(peer.host_id) is not None:
                self._hub.show_elsewhere(account_id, peer.host_id, entries)
            return True


async def waiting_here(request: web.Request) -> web.Response:
    """Who waits for an account in the rooms of this host. For other hosts only."""
    if OWNERS not in request.app or not read_mark(request, request.app[OWNERS]):
        raise web.HTTPNotFound
    hub = request.app[ROOMS].hub
    found = hub.entries_here(request.query.get(ACCOUNT, ""))
    return web.Response(body=msgspec.json.encode(found), content_type="application/json")
