"""ICE servers for browsers: short-lived TURN credentials per participant.

The credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest): the user
name is an expiry time and an id, the password its HMAC under the shared secret.
"""

import base64
import hmac
from datetime import datetime, timedelta

from signaling.messages import IceServer
from web.config import Config

LIFETIME = timedelta(hours=12)
"Longer than any visit: a TURN refresh with expired credentials ends the call."


def ice_servers(config: Config, participant_id: str, now: datetime) -> list[IceServer]:
    """What RTCPeerConnection gets; empty where no TURN server is set."""
    if not config.turn_urls:
        return []
    username = credential = None
    if config.turn_secret:
        username = f"{int((now + LIFETIME).timestamp())}:{participant_id}"
        digest = hmac.digest(config.turn_secret.encode(), username.encode(), "sha1")
        credential = base64.b64encode(digest).decode()
    return [IceServer(list(config.turn_urls), username, credential)]
