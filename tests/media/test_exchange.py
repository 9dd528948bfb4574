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
