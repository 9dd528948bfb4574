"""Where a request comes from: its address behind proxies, and the network whose limits it shares."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from web.config import Config
from web.keys import CONFIG

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?$|([\d.]+):\d*$")
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")))
"""Networks whose last 32 bits are an IPv4 address: those of translators in front of servers that
have IPv6 alone (RFC 6052, RFC 8215, RFC 2765)."""

CLIENT = web.RequestKey("client", str)
"Of a request that another host has passed on: the client's address, as that host has seen it."


def remote(request: web.Request) -> str | None:
    """The client's address: the peer of the connection, or what a proxy of ours says.

    Every hop appends to X-Forwarded-For, so its last entry is what our own proxy saw.
    """
    if CLIENT in request:
        return request[CLIENT] or None
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    if is_proxy(request.app[CONFIG], request.remote):
        hops = [hop for hop in map(str.strip, forwarded.split(",")) if hop]
        if forwarded:
            return hops[-1] if hops else None
    return request.remote


def is_proxy(config: Config, address: str | None) -> bool:
    """Whether the peer of a connection is a proxy of ours: on this machine, or as it is set."""
    return is_loopback(address) or _plain(address) in config.this_host.proxies


def _plain(address: str | None) -> str:
    """An address as the setting has it, also for one of IPv4 written as IPv6."""
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    return str(parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else str(parsed)


def is_loopback(address: str | None) -> bool:
    """Whether the address is this machine's, also for 127.0.0.1 written as IPv6."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    return parsed.is_loopback or bool(
        isinstance(parsed, IPv6Address) and parsed.ipv4_mapped and parsed.ipv4_mapped.is_loopback
    )


def network(address: str | None) -> str:
    """What shares one limit: an IPv4 address, or the /64 of an IPv6 address.

    Proxies append ports, add quotes, and write IPv4 within IPv6; a zone (`%eth0`) is local to
    this machine.
    """
    text = (address or "").strip(' "')
    found = _WITH_PORT.match(text)
    bare = (found[1] or found[2]) if found else text
    try:
        parsed = ip_address(bare.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if any(parsed in translated for translated in _TRANSLATED):
        return str(IPv4Address(parsed.packed[-4:]))
    return str(parsed.ipv4_mapped or parsed.exploded[:19])


def client_network(request: web.Request) -> str:
    """The network whose rate limits a request counts towards."""
    return network(remote(request))
