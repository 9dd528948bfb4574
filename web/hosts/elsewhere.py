"""Who waits in rooms of other hosts, for the lists of this one's.

The owner of a room is asked, and nothing of it is stored: a list holds names, which the database has only
sealed, and would be written at each arrival. What changed is told without names; the answer comes from
host to host, with the mark of `web/hosts/mark.py`.
"""

import asyncio
import contextlib

import msgspec
from aiohttp import web

from signaling.errors import HostAway
from signaling.rooms.hub import Hub
from signaling.wire.values import WaitingEntry
from web.hosts.mark import read_mark
from web.hosts.membership import Membership
from web.hosts.owners import OWNERS, Peer
from web.hosts.passing import Passing
from web.keys import ROOMS
from web.routes import path

ACCOUNT = "account"
WITHIN = 2.0
"Seconds for the answer of another host; a list without its rooms is better than none."
_decoder = msgspec.json.Decoder(list[WaitingEntry])


class Elsewhere:
    def __init__(self, hub: Hub, membership: Membership, passing: Passing) -> None:
        self._hub = hub
        self._membership = membership
        self._passing = passing

    async def ask_all(self, account_id: str) -> None:
        """Ask every other host who waits for an account."""
        peers = self._membership.peers()
        await asyncio.gather(*(self._ask(peer, account_id) for peer in peers))

    async def ask(self, host_id: str, account_id: str) -> None:
        """Something has changed for an account on that host."""
        if self._hub.in_lobby(account_id):
            for peer in self._membership.peers():
                if peer.host_id == host_id:
                    await self._ask(peer, account_id)

    async def _ask(self, peer: Peer, account_id: str) -> None:
        with contextlib.suppress(HostAway, TimeoutError, msgspec.MsgspecError):
            async with asyncio.timeout(WITHIN):
                address = path("hosts_waiting", {ACCOUNT: account_id})
                answer = await self._passing.ask(peer, self._membership.key, address)
                self._hub.show_elsewhere(account_id, peer.host_id, _decoder.decode(answer))


async def waiting_here(request: web.Request) -> web.Response:
    """Who waits for an account in the rooms of this host. For other hosts only."""
    if OWNERS not in request.app or not read_mark(request, request.app[OWNERS]):
        raise web.HTTPNotFound
    hub = request.app[ROOMS].hub
    found = hub.entries_here(request.query.get(ACCOUNT, ""))
    return web.Response(body=msgspec.json.encode(found), content_type="application/json")
