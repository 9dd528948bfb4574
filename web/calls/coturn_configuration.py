"""The configuration file of the server's own coturn.

It allows and refuses what `docs/coturn.conf` does, which operators copy for one of their own.
"""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

DENIED_PEERS = (
    "0.0.0.0-0.255.255.255",
    "10.0.0.0-10.255.255.255",
    "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255",
    "169.254.0.0-169.254.255.255",
    "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255",
    "192.0.2.0-192.0.2.255",
    "192.88.99.0-192.88.99.255",
    "192.168.0.0-192.168.255.255",
    "198.18.0.0-198.19.255.255",
    "198.51.100.0-198.51.100.255",
    "203.0.113.0-203.0.113.255",
    "240.0.0.0-255.255.255.255",
    "::1",
    "64:ff9b::-64:ff9b::ffff:ffff",
    "64:ff9b:1::-64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "::ffff:0.0.0.0-::ffff:255.255.255.255",
    "2001::-2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)
"""Addresses that are not public: nobody may have the server send into the network that it is in.
A range that begins with :: would deny every address of the fourth version too."""
PLAIN = (
    "use-auth-secret",
    "fingerprint",
    "stale-nonce=600",
    "user-quota=12",
    "total-quota=1200",
    "max-bps=1000000",
    "no-multicast-peers",
    "no-tcp-relay",
    "no-dtls",
    "no-tlsv1",
    "no-tlsv1_1",
    "no-cli",
    "no-software-attribute",
    "no-rfc5780",
    "no-stun-backward-compatibility",
    "simple-log",
    "log-file=stdout",
)
"""Quotas are allocations, and bytes a second of one (4 Mbit/s each way). Browsers do not speak DTLS
to a TURN server."""


@dataclass(frozen=True)
class Reach:
    """At which addresses coturn relays, and where in its own network it may send to."""

    relay: tuple[str, ...]
    "This machine's, one of each version of IP."
    public: str = ""
    "The public IPv4 address of a machine that is behind a NAT."
    peers: tuple[str, ...] = ()
    """Addresses of this machine, at which its media relay and coturn itself are reached, as far as
    they would be denied."""
    networks: tuple[str, ...] = ()
    "Public ones that this machine is in: a firewall between them and the internet knows nothing of us."

    @classmethod
    def of(
        cls, local: tuple[str, ...], offered: tuple[str, ...], networks: tuple[str, ...] = ()
    ) -> "Reach":
        """From this machine's addresses, best first, those that browsers are offered, and networks."""
        relay: dict[int, str] = {}
        for text in local:
            relay.setdefault(ipaddress.ip_address(text).version, text)
        own = tuple(relay.values())
        behind = 4 in relay and not ipaddress.ip_address(relay[4]).is_global
        public = [text for text in offered if _is_public_v4(text) and text not in local]
        reachable = dict.fromkeys(own + offered)
        peers = tuple(text for text in reachable if _is_denied(text, networks))
        return cls(own, public[0] if behind and public else "", peers, networks)


def _is_denied(text: str, networks: tuple[str, ...]) -> bool:
    address = ipaddress.ip_address(text)
    within = any(address in ipaddress.ip_network(network) for network in networks)
    return within or not address.is_global


def _range(network: str) -> str:
    """A network as coturn writes it."""
    parsed = ipaddress.ip_network(network)
    return f"{parsed[0]}-{parsed[-1]}"


def _is_public_v4(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.version == 4 and address.is_global


@dataclass(frozen=True)
class Plan:
    """What coturn is started with."""

    folder: Path
    "Of its own; the configuration is in it."
    secret: str = field(repr=False)
    realm: str
    port: int
    relay_ports: tuple[int, int]
    reach: Reach
    tls: tuple[int, Path, Path] | None = None
    "Port, certificate and key."
    proxy: tuple[str, int] | None = None
    "Where a proxy connects that has ended TLS; coturn (4.6) listens for no other TCP then."
    local: tuple[str, ...] = ()
    "All of this machine's addresses, where the proxy connects at one of its own."


def _for_a_proxy(plan: Plan, host: str, port: int) -> list[str]:
    """A TCP port that believes whoever connects, at one address; UDP at all of them.

    coturn listens by TCP at each `listening-ip`, and by UDP at each `aux-server` as well.
    """
    if ipaddress.ip_address(host).is_unspecified:
        return [f"tcp-proxy-port={port}"]
    others = [text for text in plan.local if text != host]
    return [
        f"tcp-proxy-port={port}",
        f"listening-ip={host}",
        *(f"aux-server={f'[{text}]' if ':' in text else text}:{plan.port}" for text in others),
    ]


def configuration(plan: Plan) -> str:
    """The text of the file."""
    lines = [
        *PLAIN,
        f"static-auth-secret={plan.secret}",
        f"realm={plan.realm}",
        f"listening-port={plan.port}",
        f"min-port={plan.relay_ports[0]}",
        f"max-port={plan.relay_ports[1]}",
        f"pidfile={plan.folder / 'pid'}",
        f"userdb={plan.folder / 'db'}",
        *(f"relay-ip={address}" for address in plan.reach.relay),
        *(f"denied-peer-ip={addresses}" for addresses in DENIED_PEERS),
        *(f"denied-peer-ip={_range(network)}" for network in plan.reach.networks),
        *(f"allowed-peer-ip={address}" for address in plan.reach.peers),
    ]
    if plan.reach.public:
        own = next(text for text in plan.reach.relay if ":" not in text)
        lines.append(f"external-ip={plan.reach.public}/{own}")
    if any(ipaddress.ip_address(text).is_loopback for text in plan.reach.peers):
        lines.append("allow-loopback-peers")
    if plan.proxy is not None:
        lines += _for_a_proxy(plan, *plan.proxy)
    if plan.tls is None:
        lines.append("no-tls")
    else:
        port, certificate, key = plan.tls
        lines += [f"tls-listening-port={port}", f"cert={certificate}", f"pkey={key}"]
    return "\n".join(lines) + "\n"
