"""The link from one participant to the relay: its rate, loss, feedback and redundancy."""

from __future__ import annotations

from media.congestion.redundancy import Redundancy
from media.rtp.transport_cc import ArrivalLog


class Uplink:
    """The state of one peer's uplink, except what every packet changes: that is in ``Peer``."""

    def __init__(self) -> None:
        self.arrival_log = ArrivalLog()
        self.loss = 0.0
        "Fraction lost on its worst stream, in the last receiver reports sent to it."
        self.rate = 0.0
        "Bits per second received during the last second."
        self.redundancy = Redundancy()
        self.supports_red = False
        "Whether its answer accepted RED for its audio."
        self.remb_until = -1.0
        "Keep sending REMB until then, so that the sender learns that the cap was lifted."
