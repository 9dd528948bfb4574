""" "Health": whether this server, and what it depends on, is in order; and the hosts, if there are several."""

from aiohttp import web

from signaling.errors import NotFound
from web.health.shared_measurement import HEALTH
from web.hosts.starting import LINE, MEMBERSHIP
from web.http.request import administrator, show, viewer_of
from web.markup.administration.health import EMPTY, FILL, HostRow, health_page
from web.routes import path

_WORDS = {EMPTY: "drain", FILL: "stay"}


async def show_health(request: web.Request) -> web.Response:
    await administrator(request)
    health = await request.app[HEALTH].health()
    return show(health_page(await viewer_of(request), health, _hosts(request.app)))


def _hosts(app: web.Application) -> list[HostRow]:
    """All there are; none where there is only this one."""
    if MEMBERSHIP not in app:
        return []
    membership = app[MEMBERSHIP]
    return [
        HostRow(
            id=host.id,
            name=host.name,
            version=host.version,
            since=host.started_at,
            rooms=host.figures.rooms,
            people=host.figures.people,
            load=host.figures.load,
            leaving=host.draining,
            here=host.id == membership.host_id,
            relays=host.role == "relay",
        )
        for host in membership.hosts.values()
    ]


async def change_host(request: web.Request) -> web.Response:
    """Have a host give its sessions to the others, or take some again. Raises NotFound."""
    await administrator(request)
    app, step = request.app, request.match_info["step"]
    host_id = request.match_info["host_id"]
    if MEMBERSHIP not in app or host_id not in app[MEMBERSHIP].hosts or step not in _WORDS:
        raise NotFound
    await app[LINE].tell(f"{_WORDS[step]} {host_id}")
    raise web.HTTPSeeOther(path("admin_health"))
