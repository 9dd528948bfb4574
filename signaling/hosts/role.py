"""What a host does for the others that share its database."""

from typing import Literal

Role = Literal["all", "relay"]
"""`all`: pages, rooms and, where it has workers, the relay for its own rooms. `relay`: it has workers alone, for
the rooms of hosts that have none."""
