"""What one participant may use of the relay."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CHARGE = 250
"""Bytes that the smallest packet counts for: what it costs us has little to do with its size. At
8 Mbit/s this allows 4,000 packets a second."""

GAP_CHARGE = 16
"Bytes that each number of a gap counts for: noting it and asking for it takes some 0.8 us."
REPORT_CHARGE = 128
"Bytes of RTCP that count as one more datagram: what requests a repetition costs most by far."
SSRCS = 256
"""SSRCs of one connection ever listened to. The cipher keeps a state for each as long as it lives;
a browser has a few, and some more when it begins anew."""


@dataclass(frozen=True)
class Limits:
    """Most that a participant may send or ask for; more is dropped and changes nothing."""

    bitrate: int = 8_000_000
    "Bits per second received from one participant: a camera, a screen and their lower encodings."
    burst: float = 0.5
    "Seconds of that rate that may come at once: a keyframe of a shared screen is 500 KB."
    streams: int = 12
    "SSRCs with their retransmissions: sound, a camera in up to three encodings, a screen."
    checks: int = 50
    "Connectivity checks per second; a browser sends some 20 while it connects, one in 2.5 s later."
    records: int = 200
    "DTLS datagrams per second; a handshake takes some ten. Anybody can forge a sender's address."
    rtcp: int = 200
    "RTCP datagrams per second, long ones counted more than once; a browser sends some 30."
    video_bitrate: int = 2_500_000
    "Bits per second the offer lets one camera or screen have."

    @property
    def octets_at_once(self) -> float:
        """Bytes that may come at once."""
        return self.bitrate / 8 * self.burst


@dataclass
class Allowance:
    """What is left to a participant until the next refill, beside the octets it may send."""

    checks: float
    records: float
    rtcp: float

    @classmethod
    def full(cls, limits: Limits) -> Allowance:
        """The most that can be saved up."""
        return cls(
            limits.checks,
            limits.records,
            limits.rtcp,
        )

    def refill(self, limits: Limits, seconds: float) -> None:
        """Add what ``seconds`` allow."""
        self.checks = min(self.checks + limits.checks * seconds, limits.checks)
        self.records = min(self.records + limits.records * seconds, limits.records)
        self.rtcp = min(self.rtcp + limits.rtcp * seconds, limits.rtcp)
