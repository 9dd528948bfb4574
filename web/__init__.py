"""The server, and what its commands share with it.

Every process that does anything with a zone imports this package first, so this is where the rules
of time zones are chosen: none can forget it, and none counts by other rules than the next.
"""

from web.zones.rules import in_force

in_force()
