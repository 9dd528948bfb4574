"""Captured UDP datagrams of IPv4, out of a file of tcpdump and into one that tshark reads.

The files are in the format of libpcap; a packet begins with its IP header (LINKTYPE_RAW), as a TUN
device has them.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LINKTYPE_RAW = 101
MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
UDP_HEADER = 8
UDP = 17


@dataclass(frozen=True)
class Datagram:
    """A UDP datagram as the kernel saw it."""

    time: float
    "Seconds since the epoch."
    source: tuple[str, int]
    destination: tuple[str, int]
    data: bytes
    ip_length: int
    "Bytes of the whole IP packet."

    @property
    def kind(self) -> str:
        """``stun``, ``dtls``, ``rtp``, ``rtcp`` or ``other``, by its first bytes (RFC 7983, 5761)."""
        first = self.data[0] if self.data else 255
        if first <= 3:
            return "stun"
        if 20 <= first <= 63:
            return "dtls"
        if 128 <= first <= 191 and len(self.data) > 1:
            return "rtcp" if 192 <= self.data[1] <= 223 else "rtp"
        return "other"


def read_capture(path: Path) -> Iterator[Datagram]:
    """The datagrams of a file, a packet cut short at its end left out. Raises ValueError."""
    content = path.read_bytes()
    if len(content) < 24:
        raise ValueError(f"{path} is no capture")
    magic, *_, link = struct.unpack_from("<IHHiIII", content)
    if magic not in (MICROSECONDS, NANOSECONDS) or link != LINKTYPE_RAW:
        raise ValueError(f"{path} is no capture of IP packets in this machine's byte order")
    fraction = 1e-9 if magic == NANOSECONDS else 1e-6
    at = 24
    while at + 16 <= len(content):
        seconds, parts, kept, whole = struct.unpack_from("<IIII", content, at)
        packet = content[at + 16 : at + 16 + kept]
        at += 16 + kept
        if kept == whole == len(packet) and (
            found := _datagram(seconds + parts * fraction, packet)
        ):
            yield found


def _datagram(time: float, packet: bytes) -> Datagram | None:
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != UDP:
        return None
    header = (packet[0] & 15) * 4
    source, destination, length = struct.unpack_from("!HHH", packet, header)
    return Datagram(
        time,
        (str(ipaddress.IPv4Address(packet[12:16])), source),
        (str(ipaddress.IPv4Address(packet[16:20])), destination),
        packet[header + UDP_HEADER : header + length],
        len(packet),
    )


def write_capture(path: Path, datagrams: Iterable[Datagram]) -> None:
    """Write datagrams with headers made anew, for instance after their data was decrypted."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", MICROSECONDS, 2, 4, 0, 0, 1 << 18, LINKTYPE_RAW))
        for one in datagrams:
            packet = _packet(one)
            seconds, rest = divmod(round(one.time * 1e6), 1_000_000)
            file.write(struct.pack("<IIII", seconds, rest, len(packet), len(packet)) + packet)


def _packet(one: Datagram) -> bytes:
    length = UDP_HEADER + len(one.data)
    source = ipaddress.IPv4Address(one.source[0]).packed
    destination = ipaddress.IPv4Address(one.destination[0]).packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, UDP, 0)
    header += source + destination
    # the Internet checksum (RFC 1071); UDP over IPv4 may have none
    total = sum(struct.unpack("!10H", header))
    total = (total >> 16) + (total & 0xFFFF)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    header = header[:10] + struct.pack("!H", checksum) + header[12:]
    return header + struct.pack("!HHHH", one.source[1], one.destination[1], length, 0) + one.data
