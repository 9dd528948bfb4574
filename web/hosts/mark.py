"""The mark of a request that another host has passed on: from which client, and that it is the last.

A request that has it is answered here or refused, so none goes round. It is authenticated (HMAC, RFC
2104) with a key that only hosts of the same database have, and names the host it is for, whose id is new
after every start. What it vouches for is the client's address, for the limits; everything else proves itself
as it does when browsers send it.
"""

import base64
import hmac

from aiohttp import web

from signaling.errors import HostAway
from web.hosts.ports import Owners
from web.http.client_address import CLIENT, remote

HEADER = "TeleConnect-Passed-On"


def mark(request: web.Request, key: bytes, host_id: str) -> str:
    """The header's value for a request that is passed on to a host."""
    client = remote(request) or ""
    return f"{client} {_proof(key, host_id, request.method, request.raw_path, client)}"


def own_mark(address: str, key: bytes, host_id: str) -> str:
    """The header's value for what a host itself asks another, by GET."""
    return f" {_proof(key, host_id, 'GET', address, '')}"


def read_mark(request: web.Request, owners: Owners) -> bool:
    """Whether the request was passed on; its client's address is that of the mark from now on.

    Raises HostAway for a mark that is not for this host: its sender knows an older one.
    """
    value = request.headers.get(HEADER)
    if value is None:
        return False
    client, _, proof = value.rpartition(" ")
    expected = _proof(owners.key, owners.host_id, request.method, request.raw_path, client)
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise HostAway
    request[CLIENT] = client
    return True


def _proof(key: bytes, *words: str) -> str:
    digest = hmac.digest(key, "\n".join(words).encode("utf-8", "surrogateescape"), "sha256")
    return base64.urlsafe_b64encode(digest).decode()
