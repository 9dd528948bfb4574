"""Real aiortc clients see and hear each other through the relay."""

from media.codecs import Kind
from media.messages import Connected, Published
from tests.media.support import TestExchange, until


async def test_two_clients_see_and_hear_each_other() -> None:
    async with TestExchange() as exchange:
        a = exchange.join("a", Kind.AUDIO, Kind.VIDEO)
        b = exchange.join("b", Kind.AUDIO, Kind.VIDEO)
        await until(lambda: len(exchange.of(Connected)) >= 2, "both are connected")
        await until(lambda: len(exchange.of(Published)) >= 4, "both publish both")
        for client in (a, b):
            await until(
                lambda client=client: (
                    min(client.frames.get("audio", 0), client.frames.get("video", 0)) > 10
                ),
                f"{client.peer_id} sees and hears",
            )
        assert exchange.forwarder.errors == 0


async def test_every_offer_of_a_connection_is_of_one_session() -> None:
    async with TestExchange() as exchange:
        a = exchange.join("a", Kind.AUDIO)
        await until(lambda: exchange.of(Connected), "a is connected")
        exchange.join("b", Kind.AUDIO)
        await until(lambda: len(a.offers) == 2, "a is offered b")
        origins = [offer.sdp.split("o=- ")[1].split(" ")[0] for offer in a.offers]
        assert origins[0] == origins[1]
