"""The web server, and what its commands share with it.

Every process that uses a time zone imports this package first, so the time zone rules are chosen
here: none can forget to, and all compute by the same rules.
"""

from web.zones.rules import in_force

in_force()
