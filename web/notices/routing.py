"""By which channels and senders a person can be reached: the operator's routes, or the defaults."""

from collections.abc import Callable, Collection

from signaling.invite import Person
from signaling.notices.notice import Channel, Way
from signaling.notices.route import PhoneChannel, Route, channels, choose, default_routes


class NoticeRouting:
    """Holds the routes in force; an administrator may replace them while the server runs."""

    def __init__(
        self,
        available: Collection[Channel],
        routes: tuple[Route, ...] = (),
        whatsapp_speaks: Callable[[], bool] = lambda: True,
    ) -> None:
        """`whatsapp_speaks` tells whether any template is approved: without, WhatsApp is silent."""
        self._available = frozenset(available)
        self._routes = routes
        self._speaks = whatsapp_speaks

    @property
    def routes(self) -> tuple[Route, ...]:
        """What the operator wrote, else everybody by whatever is configured."""
        return self._routes or default_routes(
            "sms" in self._available, "whatsapp" in self._available
        )

    def replace(self, routes: tuple[Route, ...]) -> None:
        self._routes = routes

    def channels(self, number: str) -> tuple[PhoneChannel, ...]:
        """The channels that can reach the E.164 `number`, the preferred one first."""
        found = channels(self.routes, number)
        return tuple(
            channel
            for channel in found
            if channel in self._available and (channel != "whatsapp" or self._speaks())
        )

    def of(self, person: Person) -> tuple[Way, ...]:
        """The ways to try in turn: the chosen channel's first, then the others'."""
        if person.channel == "email":
            return (Way("email"),)
        chosen = [
            route
            for route in choose(self.routes, person.address)
            if route.channel in self._available
            and (route.channel != "whatsapp" or person.channel == "whatsapp" or self._speaks())
        ]
        chosen.sort(key=lambda route: route.channel != person.channel)
        return tuple(Way(route.channel, route.sender_id) for route in chosen)
