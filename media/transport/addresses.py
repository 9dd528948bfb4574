"""Finding out under which addresses clients can reach this machine."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr

MOST_ADDRESSES = 4
"Candidates offered by themselves; each costs every client a round of checks."


def local_addresses() -> tuple[str, ...]:
    """This machine's addresses, best first: that of the default route, others, loopback last.

    Loopback is only given when there is nothing else. Link-local addresses are left out: they
    need a scope that a candidate cannot carry. Nothing is sent.
    """
    found: list[str] = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                # Choosing a route is all that connecting a datagram socket does.
                probe.connect((far, 9))
            except OSError:
                continue
            found.append(probe.getsockname()[0])
    for adapter in ifaddr.get_adapters():
        for one in adapter.ips:
            found.append(one.ip if isinstance(one.ip, str) else one.ip[0])
    usable = [
        one
        for one in dict.fromkeys(found)
        if not (address := ipaddress.ip_address(one)).is_loopback and not address.is_link_local
    ]
    return tuple(usable[:MOST_ADDRESSES]) or ("127.0.0.1",)


def public_addresses(name: str) -> tuple[str, ...]:
    """The addresses of a host name, or of an address, as far as they are public. Asks the DNS."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return ()
    addresses = {str(one[4][0]) for one in found}
    # Sorted, because servers of names like to change the order.
    return tuple(sorted(one for one in addresses if ipaddress.ip_address(one).is_global))


def behind_translation(local: tuple[str, ...], public: tuple[str, ...]) -> tuple[str, ...]:
    """``local``, and of each family in which none of them is public those of ``public``.

    A machine behind a network address translation does not see the address it is reached at; the
    name that people reach its pages by leads there.
    """
    translated = translated_versions(local)
    more = [one for one in public if ipaddress.ip_address(one).version in translated]
    return (*local, *more[:MOST_ADDRESSES])


def translated_versions(local: tuple[str, ...]) -> set[int]:
    """The versions of IP that this machine speaks, but has no public address of."""
    seen = [ipaddress.ip_address(one) for one in local]
    public = {int(one.version) for one in seen if one.is_global}
    return {int(one.version) for one in seen} - public


def hosts_for(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """What to bind so that these addresses work: all of a family, or loopback alone."""
    parsed = [ipaddress.ip_address(one) for one in addresses]
    if all(one.is_loopback for one in parsed):
        return addresses
    families = {one.version for one in parsed}
    return tuple(host for version, host in ((4, "0.0.0.0"), (6, "::")) if version in families)
