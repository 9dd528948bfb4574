"""Whether a STUN or TURN server answers a binding request (RFC 8489, sections 2 and 6.2)."""

import asyncio
import ssl
import struct

from aioice import stun

from media.turn_credentials import Place

WITHIN_S = 3.0
"For one server, connecting included."
REPEAT_AFTER_S = 0.5
"The retransmission time-out of RFC 8489, 6.2.1."


async def problem_of(url: str) -> str:
    """Why the server at a STUN or TURN URI does not answer, in a few English words; empty: it does."""
    place = Place.of(url)
    try:
        async with asyncio.timeout(WITHIN_S):
            await (_ask_udp(place) if place.transport == "udp" else _ask_stream(place))
    except TimeoutError:
        return "no answer"
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except EOFError:
        return "it hung up"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ""


def _request() -> stun.Message:
    return stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)


def _answers(octets: bytes, request: stun.Message) -> bool:
    """Whether this is an answer to the request, be it a refusal: something there speaks STUN."""
    try:
        message = stun.parse_message(octets)
    except (ValueError, LookupError, struct.error):  # an attribute that is cut off
        return False
    is_answer = message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR)
    return is_answer and message.transaction_id == request.transaction_id


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, request: stun.Message) -> None:
        self._request = request
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.came.done() and _answers(data, self._request):
            self.came.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.came.done():
            self.came.set_exception(exc)


async def _ask_udp(place: Place) -> None:
    """Ask until there is an answer. Raises OSError if the port is closed."""
    request = _request()
    loop = asyncio.get_running_loop()
    transport, answer = await loop.create_datagram_endpoint(
        lambda: _Answer(request), remote_addr=(place.host, place.port)
    )
    try:
        while not answer.came.done():
            transport.sendto(bytes(request))
            await asyncio.wait({answer.came}, timeout=REPEAT_AFTER_S)
        answer.came.result()
    finally:
        answer.came.cancel()
        transport.close()


async def _ask_stream(place: Place) -> None:
    """Ask over TCP or TLS. Raises OSError, EOFError, ValueError."""
    secure = place.transport == "tls"
    context = await asyncio.to_thread(ssl.create_default_context) if secure else None
    reader, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
    try:
        request = _request()
        writer.write(bytes(request))
        head = await reader.readexactly(stun.HEADER_LENGTH)
        length = int.from_bytes(head[2:4])
        is_stun = int.from_bytes(head[4:8]) == stun.COOKIE
        if not (is_stun and _answers(head + await reader.readexactly(length), request)):
            raise ValueError("it does not speak STUN")
    finally:
        writer.close()
