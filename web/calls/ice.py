"""ICE servers for a participant's browser, as wire values."""

from datetime import datetime

from media.turn_credentials import TurnService
from signaling.wire.values import IceServer


def ice_servers(turn: TurnService, participant_id: str, now: datetime) -> list[IceServer]:
    """For RTCPeerConnection, with credentials that expire; empty without a TURN server."""
    return [
        IceServer(list(server.urls), server.username or None, server.credential or None)
        for server in turn.servers_for(participant_id, now.timestamp())
    ]
