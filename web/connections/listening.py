"""Binding the web server's port, before anything else is opened."""

import errno
import socket
from collections.abc import Iterable

from web.config import Config, ConfigError

TRIES = 20
"Attempts at a free port: one that is free for IPv4 may be taken for IPv6."
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"Errors of a machine without IPv4 or without IPv6."


def listen(config: Config) -> list[socket.socket]:
    """Bind the port on every configured address. Raises ConfigError."""
    addresses = [each for host in config.hosts for each in _addresses(host)]
    for left in reversed(range(TRIES if config.port == 0 else 1)):
        try:
            return _take(addresses, config.port, required=config.host is not None)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not left:
                reason = error.strerror or str(error)
                raise ConfigError(
                    f"Port {config.port} cannot be taken on {', '.join(config.hosts)}: {reason}. "
                    "Set PORT or TELECONNECT_HOST, or stop what uses it."
                ) from error
    raise AssertionError("the last try returns or raises")


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses that a name or an address resolves to. Raises ConfigError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is no host name"
        raise ConfigError(
            f"TELECONNECT_HOST must be an address of this machine, or a name of one: {reason}."
        ) from error
    return [
        (family, socket.getnameinfo(place, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0])
        for family, *_, place in found
    ]


def _take(
    addresses: Iterable[tuple[socket.AddressFamily, str]], port: int, *, required: bool
) -> list[socket.socket]:
    """Bind all addresses to one port; unless `required`, only those that this machine has."""
    taken: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, address in addresses:
            try:
                taken.append(_bound(family, address, port))
            except OSError as error:
                if required or error.errno not in ABSENT:
                    raise
                missing = error
            else:
                port = taken[0].getsockname()[1]
        if not taken and missing is not None:
            raise missing
    except OSError:
        for each in taken:
            each.close()
        raise
    return taken


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(socket.getaddrinfo(address, port, family, socket.SOCK_STREAM)[0][4])
        # at once: two sockets that are only bound do not conflict; connections queue meanwhile
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def shown(listeners: Iterable[socket.socket]) -> str:
    """Where they listen, for the log: `127.0.0.1:8080, [::1]:8080`."""
    found = []
    for listener in listeners:
        address, port = listener.getsockname()[:2]
        found.append(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    return ", ".join(found)
