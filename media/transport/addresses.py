"""Which IP addresses clients can reach this machine at."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr

MOST_ADDRESSES = 4
"Addresses offered without a setting; each costs every client a round of checks."


def local_addresses() -> tuple[str, ...]:
    """This machine's addresses, best first: those of the default routes, then others.

    Loopback is returned only if there is nothing else. Link-local addresses are left out: they
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
        for entry in adapter.ips:
            found.append(entry.ip if isinstance(entry.ip, str) else entry.ip[0])
    usable = [
        text
        for text in dict.fromkeys(found)
        if not (address := ipaddress.ip_address(text)).is_loopback and not address.is_link_local
    ]
    return tuple(usable[:MOST_ADDRESSES]) or ("127.0.0.1",)


def local_networks() -> tuple[str, ...]:
    """The public networks that this machine has an address in, as 198.51.100.0/24."""
    found = set()
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            network = ipaddress.ip_network((text, entry.network_prefix), strict=False)
            if network.is_global and network.num_addresses > 1:
                found.add(str(network))
    return tuple(sorted(found))


def public_addresses(name: str) -> tuple[str, ...]:
    """The public ones among the addresses of a host name (or of an address). Asks the DNS."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return ()
    addresses = {str(entry[4][0]) for entry in found}
    # Sorted, because DNS servers like to rotate the order.
    return tuple(sorted(text for text in addresses if ipaddress.ip_address(text).is_global))


def behind_nat(local: tuple[str, ...], public: tuple[str, ...]) -> tuple[str, ...]:
    """``local``, plus those of ``public`` of each family in which no local one is public.

    A machine behind a NAT does not see the address it is reached at; the host name of its pages
    leads there.
    """
    behind = versions_behind_nat(local)
    more = [text for text in public if ipaddress.ip_address(text).version in behind]
    return (*local, *more[:MOST_ADDRESSES])


def versions_behind_nat(local: tuple[str, ...]) -> set[int]:
    """The versions of IP that this machine speaks without having a public address."""
    parsed = [ipaddress.ip_address(text) for text in local]
    public = {int(address.version) for address in parsed if address.is_global}
    return {int(address.version) for address in parsed} - public


def hosts_for(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The hosts to bind for these addresses: every address of a family, or loopback alone."""
    parsed = [ipaddress.ip_address(text) for text in addresses]
    if all(address.is_loopback for address in parsed):
        return addresses
    families = {address.version for address in parsed}
    return tuple(host for version, host in ((4, "0.0.0.0"), (6, "::")) if version in families)


def tcp_hosts(
    hosts: tuple[str, ...], offered: tuple[str, ...], local: tuple[str, ...]
) -> tuple[str, ...]:
    """The hosts to listen at by TCP: in place of "all of a family" this machine's own addresses.

    So the port may have the number of a web server's that listens at loopback alone. Those that are
    not offered are left out, unless one is offered that others know this machine by.
    """
    found: list[str] = []
    for host in hosts:
        if not ipaddress.ip_address(host).is_unspecified:
            found.append(host)
            continue
        version = ipaddress.ip_address(host).version
        ours = [text for text in local if ipaddress.ip_address(text).version == version]
        named = [text for text in offered if ipaddress.ip_address(text).version == version]
        found += ours if any(text not in ours for text in named) else named
    return tuple(dict.fromkeys(found))


def offered_by_tcp(
    offered: tuple[str, ...], local: tuple[str, ...], bound: tuple[str, ...]
) -> tuple[str, ...]:
    """Those of the offered addresses that lead to one of ``bound``, as far as this machine knows."""
    versions = {ipaddress.ip_address(text).version for text in bound}
    return tuple(
        text
        for text in offered
        if text in bound or (text not in local and ipaddress.ip_address(text).version in versions)
    )
