"""The device test, for anybody who is signed in or has the link of an invite."""

import os

import msgspec
from aiohttp import hdrs, web

from signaling.errors import InvalidInput, InviteNotUsable, TooLarge
from web.calls.ice import ice_servers
from web.http.client_address import client_network
from web.http.errors import sentence
from web.http.request import (
    by_link,
    known_browser,
    show,
    show_by_link,
    signed_in,
    viewer_of,
)
from web.keys import ARRIVING, CLOCK, CONFIG, DEVICE_CHECKING, LIMITS, REACHABILITY, TURN
from web.markup.guests.device_test import device_test_page
from web.markup.guests.landing import closed_link_page
from web.routes import path
from web.view_models import DeviceTestView

MAX_BYTES = 2 * 2**20
"Of one transfer: enough to measure 8 Mbit/s for two seconds, too little to be a load."
BLOCK_BYTES = 2**16
"Of a transfer in memory at once, as a client need not read it."
MAX_RESULT_BYTES = 4096
MAX_ANSWER_BYTES = 32 * 2**10
"Of a browser's answer to an offer with one m= section; browsers send some 3 KB."


async def show_device_test(request: web.Request) -> web.Response:
    await signed_in(request)
    here, relay = path("device_test"), path("device_test_relay")
    return show(device_test_page(await viewer_of(request), _view(request, here, relay, None)))


async def show_landing_test(request: web.Request) -> web.Response:
    """The test for the holder of an invite's link."""
    token = request.match_info["token"]
    try:
        arrival = await request.app[ARRIVING].look(token)
    except InviteNotUsable as error:
        await request.app[LIMITS].hit("unknown_link", client_network(request))
        viewer = by_link(await viewer_of(request))
        return show(closed_link_page(viewer, sentence(error, viewer.translate)), error.status)
    viewer = by_link(await viewer_of(request, arrival.invite.person.language))
    here, relay = path("landing_test", token=token), path("landing_test_relay", token=token)
    back = path("landing", token=token)
    return show_by_link(device_test_page(viewer, _view(request, here, relay, back)))


async def judge(request: web.Request) -> web.Response:
    """The readiness of the scheduler's own device; nothing is stored."""
    await signed_in(request)
    readiness = request.app[DEVICE_CHECKING].judge(await _outcomes(request))
    return web.json_response({"readiness": readiness})


async def keep(request: web.Request) -> web.Response:
    """Store the result with the invite, for the scheduler to see."""
    token = request.match_info["token"]
    await _count(request, "device_test", token)
    readiness = await request.app[DEVICE_CHECKING].keep(token, await _outcomes(request))
    return web.json_response({"readiness": readiness})


async def download(request: web.Request) -> web.StreamResponse:
    """Incompressible bytes, as many as requested, up to MAX_BYTES."""
    await _count(request, "device_test")
    asked = request.query.get("bytes", "")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 9:
        raise InvalidInput("bytes")
    left = min(int(asked), MAX_BYTES)
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/octet-stream"})
    response.content_length = left
    await response.prepare(request)
    block = os.urandom(min(left, BLOCK_BYTES))
    while left > 0:
        await response.write(block[:left])
        left -= len(block)
    await response.write_eof()
    return response


async def upload(request: web.Request) -> web.Response:
    """Count the bytes that arrive. Raises TooLarge."""
    await _count(request, "device_test")
    size = 0
    async for block in request.content.iter_any():
        size += len(block)
        if size > MAX_BYTES:
            raise TooLarge
    return web.json_response({"bytes": size})


async def try_relay(request: web.Request) -> web.Response:
    """An offer of the relay, for somebody who is signed in."""
    account = await signed_in(request)
    await request.app[LIMITS].hit("relay_trial", account.id)
    return await _offer(request)


async def try_relay_by_link(request: web.Request) -> web.Response:
    """An offer of the relay, for the holder of an invite's link."""
    token = request.match_info["token"]
    await _count(request, "relay_trial", token)
    await request.app[ARRIVING].look(token)
    return await _offer(request)


async def answer_relay(request: web.Request) -> web.Response:
    """Pass on the answer to that offer; its address is known only to the browser that got it."""
    trial_id = request.match_info["trial_id"]
    await _count(request, "device_test", trial_id)
    body = await request.read()
    if len(body) > MAX_ANSWER_BYTES:
        raise TooLarge
    try:
        sdp = msgspec.json.decode(body, type=dict[str, str])["sdp"]
    except (msgspec.DecodeError, KeyError):
        await request.app[REACHABILITY].end(trial_id)
        raise InvalidInput("sdp") from None
    await request.app[REACHABILITY].answer(trial_id, sdp)
    return web.Response(status=204)


async def end_relay_trial(request: web.Request) -> web.Response:
    await request.app[REACHABILITY].end(request.match_info["trial_id"])
    return web.Response(status=204)


async def _count(request: web.Request, limit: str, who: str = "") -> None:
    """Count a request of somebody and of their network. Raises TooManyRequests.

    `who` is what only they know. A browser that has a seat or is signed in counts by itself alone.
    """
    limits, network = request.app[LIMITS], client_network(request)
    if (digest := await known_browser(request)) is not None:
        await limits.hit(limit, digest.hex())
        return
    if who:
        # first the network: whoever makes up one name after the other would fill the memory
        await limits.check(f"{limit}_network", network)
        await limits.hit(limit, who)
    await limits.hit(f"{limit}_network", network)


async def _offer(request: web.Request) -> web.Response:
    trial_id, sdp = await request.app[REACHABILITY].begin()
    return web.json_response({"sdp": sdp, "address": path("relay_trial", trial_id=trial_id)})


async def _outcomes(request: web.Request) -> dict[str, str]:
    if (request.content_length or 0) > MAX_RESULT_BYTES:
        raise TooLarge
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, str])
    except msgspec.DecodeError:
        raise InvalidInput("outcomes") from None


def _view(
    request: web.Request, result_path: str, relay_path: str, back_path: str | None
) -> DeviceTestView:
    app = request.app
    servers = ice_servers(app[TURN].service, "device-test", app[CLOCK].now())
    return DeviceTestView(
        result_path=result_path,
        back_path=back_path,
        ice_servers=msgspec.json.encode(
            [
                {
                    "urls": server.urls,
                    "username": server.username or "",
                    "credential": server.credential or "",
                }
                for server in servers
            ]
        ).decode(),
        relay_path=relay_path if app[REACHABILITY].possible else None,
        link=str(app[CONFIG].public_url.origin()) + request.path,
    )
