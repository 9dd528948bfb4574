"""ICE servers for a participant's browser, as the wire tells them."""

from datetime import datetime

from media.turn import TurnService
from signaling.wire.values import IceServer


def ice_servers(turn: TurnService, participant_id: str, now: datetime) -> list[IceServer]:
    """What RTCPeerConnection gets, with credentials that expire; empty without any server."""
    return [
        IceServer(list(one.urls), one.username or None, one.credential or None)
        for one in turn.servers_for(participant_id, now.timestamp())
    ]
