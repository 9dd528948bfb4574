"""By which channels and senders a person can be reached: the operator's routes, or the defaults."""

from collections.abc import Callable, Collection

from signaling.errors import InvalidInput
from signaling.invite import Person
from signaling.notices.notice import Channel, Way
from signaling.notices.route import PhoneChannel, Route, channels, choose, default_routes, parse
from storage.store import Store

ROUTES_SETTING = "routes"
"Name of the stored setting that holds the operator's routes, as they were typed."


class NoticeRouting:
    """The routes in force; an administrator may replace them while the server runs."""

    def __init__(
        self,
        available: Collection[Channel],
        whatsapp_speaks: Callable[[], bool] = lambda: True,
        kept: Collection[Channel] = (),
    ) -> None:
        """`whatsapp_speaks` says whether any template is approved: WhatsApp carries nothing else.

        Messages by the channels `kept` do not leave this server.
        """
        self._available = frozenset(available)
        self._kept = frozenset(kept)
        self._routes: tuple[Route, ...] = ()
        self._speaks = whatsapp_speaks

    async def load(self, store: Store) -> None:
        """Put the stored routes in force."""
        try:
            self.replace(parse(await store.read.settings.get(ROUTES_SETTING) or ""))
        except InvalidInput:  # from a version with other rules: the defaults, until it is corrected
            self.replace(())

    @property
    def routes(self) -> tuple[Route, ...]:
        """What the operator wrote, else every number by whatever is configured."""
        return self._routes or default_routes(
            "sms" in self._available, "whatsapp" in self._available
        )

    def replace(self, routes: tuple[Route, ...]) -> None:
        self._routes = routes

    def leaves(self, channel: Channel) -> bool:
        """Whether messages by this channel leave this server, and are not only kept here."""
        return channel in self._available and channel not in self._kept

    def by_phone(self) -> tuple[PhoneChannel, ...]:
        """The channels by which any number at all can be reached."""
        offered = {route.channel for route in self.routes}
        phones: tuple[PhoneChannel, ...] = ("sms", "whatsapp")
        return tuple(each for each in phones if each in offered and self._carries(each))

    def _carries(self, channel: PhoneChannel) -> bool:
        return channel in self._available and (channel != "whatsapp" or self._speaks())

    def channels(self, number: str) -> tuple[PhoneChannel, ...]:
        """The channels that can reach the E.164 `number`, the preferred one first."""
        found = channels(self.routes, number)
        return tuple(channel for channel in found if self._carries(channel))

    def of(self, person: Person) -> tuple[Way, ...]:
        """The channels and senders to try in turn: the chosen channel's first, then the others'."""
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
