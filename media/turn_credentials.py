"""ICE servers for a participant: STUN and TURN with credentials that soon expire.

The credentials follow the TURN REST convention (draft-uberti-behave-turn-rest-00), which coturn
calls ``use-auth-secret``: the username says when it expires, the password is an HMAC of it under
the secret shared with the TURN server. See ``docs/coturn.conf``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any, Literal

LIFETIME_SECONDS = 6 * 3600
"""A long consultation with a coffee break. coturn refreshes an allocation only while its
credentials are valid, so they must outlast the call."""

_URI = re.compile(
    r"(?P<scheme>(stun|turn)s?):(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)"
    r"(:(?P<port>[0-9]{1,5}))?(\?transport=(?P<transport>udp|tcp))?",
    re.ASCII,
)


@dataclass(frozen=True)
class IceServer:
    """One entry of an RTCConfiguration's iceServers (W3C webrtc-pc section 4.2.4)."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""

    def as_dictionary(self) -> dict[str, Any]:
        """The entry as ``new RTCPeerConnection({iceServers: [...]})`` expects it."""
        entry: dict[str, Any] = {"urls": list(self.urls)}
        if self.username:
            entry |= {"username": self.username, "credential": self.credential}
        return entry


@dataclass(frozen=True)
class Place:
    """Where a STUN or TURN server listens."""

    host: str
    port: int
    transport: Literal["udp", "tcp", "tls"]

    @classmethod
    def of(cls, url: str) -> Place:
        """From a STUN or TURN URI, with the defaults of RFC 7064 and RFC 7065. Raises ValueError."""
        found = _URI.fullmatch(url)
        if found is None:
            raise ValueError("not a STUN or TURN URI")
        secure = found["scheme"].endswith("s")
        port = int(found["port"] or (5349 if secure else 3478))
        plain: Literal["udp", "tcp"] = "tcp" if found["transport"] == "tcp" else "udp"
        return cls(found["host"].strip("[]"), port, "tls" if secure else plain)


@dataclass(frozen=True)
class TurnService:
    """The TURN servers of this installation and the secret shared with them.

    ``urls`` are STUN and TURN URIs (RFC 7064, RFC 7065). Raises ValueError for anything else, and
    for a TURN server without a secret.
    """

    urls: tuple[str, ...]
    secret: str = ""

    def __post_init__(self) -> None:
        for url in self.urls:
            found = _URI.fullmatch(url)
            if found is None or not 0 < int(found["port"] or 3478) < 65536:
                raise ValueError("each must be like turn:turn.example.org:3478?transport=udp")
        if self.turn_urls and not self.secret:
            raise ValueError("TURN servers need the secret they share with this server")

    @property
    def turn_urls(self) -> tuple[str, ...]:
        """The URIs that need credentials."""
        return tuple(url for url in self.urls if url.startswith(("turn:", "turns:")))

    def servers_for(
        self, participant_id: str, now: float, lifetime: float = LIFETIME_SECONDS
    ) -> list[IceServer]:
        """ICE servers with fresh credentials for one participant. ``now`` is Unix time."""
        servers = []
        plain = tuple(url for url in self.urls if url not in self.turn_urls)
        if plain:
            servers.append(IceServer(plain))
        if self.turn_urls:
            username, credential = credentials(self.secret, participant_id, now + lifetime)
            servers.append(IceServer(self.turn_urls, username, credential))
        return servers


def credentials(secret: str, participant_id: str, expires_at: float) -> tuple[str, str]:
    """Username ``expiry:participant`` and its password, the base64 of an HMAC-SHA1."""
    username = f"{int(expires_at)}:{participant_id}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()
