"""Packets asked for again, and those of them that came (RFC 4585 section 6.2.1, RFC 4588)."""

from __future__ import annotations

from scripts.benchmarks._foreign.packets import Rtp

RTX_PAYLOAD_TYPES = (97, 103)


class Repairs:
    """One direction of one client."""

    def __init__(self) -> None:
        self._asked: set[tuple[int, int]] = set()
        self._numbers: dict[int, tuple[int, int]] = {}
        self._repaired: set[tuple[int, int]] = set()

    def ask(self, ssrc: int, numbers: list[int]) -> None:
        """A NACK for packets of that SSRC."""
        for number in numbers:
            self._asked.add((ssrc, number))
            self._numbers[number] = (ssrc, number)

    def packet(self, packet: Rtp) -> None:
        """A packet that came, repeated as it was or as RTX.

        RTX is known by the number that it repeats alone: encodings of simulcast are in no description.
        """
        if packet.payload_type in RTX_PAYLOAD_TYPES:
            found = self._numbers.get(int.from_bytes(packet.payload[:2]))
        else:
            found = (packet.ssrc, packet.sequence)
        if found in self._asked and found is not None:
            self._repaired.add(found)

    @property
    def asked(self) -> int:
        return len(self._asked)

    @property
    def repaired(self) -> int:
        return len(self._repaired)
