"""How much of the relay one participant may use."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_CHARGE = 250
"""Bytes charged for a packet at least: its cost has little to do with its size. At 8 Mbit/s this
allows 4,000 packets per second."""

GAP_CHARGE = 16
"Bytes charged for each missing sequence number: recording and requesting it takes some 0.8 us."
REPORT_CHARGE = 128
"Bytes of RTCP that count as one more datagram: NACKs cost most by far."
REFILL_SECONDS = 0.1
"Seconds of a limit that are added at once, when something is next taken of it."
SSRCS = 256
"""SSRCs that one connection may ever use. libsrtp keeps a state for each as long as the session
lives; a browser uses a few, and some more when it restarts streams."""


@dataclass(frozen=True)
class Limits:
    """The most that a participant may send or request; the excess is dropped without effect."""

    bitrate: int = 8_000_000
    "Bits per second received from one participant: a camera, a screen and their lower encodings."
    burst: float = 0.5
    "Seconds of that rate that may arrive at once: a keyframe of a shared screen is 500 KB."
    streams: int = 12
    "SSRCs with their retransmissions: audio, a camera in up to three encodings, a screen."
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
        """Bytes that may arrive at once."""
        return self.bitrate / 8 * self.burst


@dataclass
class Allowance:
    """What a participant has left before the next refill, besides the octets it may send."""

    checks: float
    records: float
    rtcp: float
    refilled_at: float = 0.0

    @classmethod
    def full(cls, limits: Limits) -> Allowance:
        """The allowance of a full second, the most that can accumulate."""
        return cls(limits.checks, limits.records, limits.rtcp)

    def spend_check(self, limits: Limits, now: float) -> bool:
        """Take a connectivity check; False if that is too much."""
        self._refill(limits, now)
        self.checks -= 1
        return self.checks >= 0

    def spend_record(self, limits: Limits, now: float) -> bool:
        """Take a DTLS datagram; False if that is too much."""
        self._refill(limits, now)
        self.records -= 1
        return self.records >= 0

    def spend_rtcp(self, limits: Limits, octets: int, now: float) -> bool:
        """Take an RTCP datagram of that size; False if that is too much."""
        self._refill(limits, now)
        self.rtcp -= 1 + octets // REPORT_CHARGE
        return self.rtcp >= 0

    def _refill(self, limits: Limits, now: float) -> None:
        """Add what the time since the last call allows."""
        seconds = now - self.refilled_at
        if seconds < REFILL_SECONDS:
            return
        self.refilled_at = now
        self.checks = min(self.checks + limits.checks * seconds, limits.checks)
        self.records = min(self.records + limits.records * seconds, limits.records)
        self.rtcp = min(self.rtcp + limits.rtcp * seconds, limits.rtcp)
