""" "Teams": who sees whose waiting room."""

from aiohttp import web

from signaling.errors import InvalidInput, NotFound
from signaling.text import searched
from web.forms.once import ids_of
from web.http.forms import form_errors, form_of
from web.http.paging import page_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, STORE, TEAMS
from web.markup.administration.teams import TeamList, TeamRow, TeamView, team_page, teams_page
from web.routes import path
from web.view_models import Form

PAGE = 25
"Teams on one page, members on one, and colleagues to choose from."


async def show_teams(request: web.Request) -> web.Response:
    await administrator(request)
    return await _teams(request, Form())


async def add(request: web.Request) -> web.Response:
    """Add a team and open it. Raises NotFound."""
    actor, form, app = await administrator(request), await form_of(request), request.app
    ids = ids_of(form, actor.id, app[CLOCK].now())
    try:
        team = await app[TEAMS].add(form.get("name", ""), ids, actor=actor)
    except InvalidInput as error:
        return await _teams(request, Form(form, form_errors(error, await viewer_of(request))))
    raise web.HTTPSeeOther(path("admin_team", team_id=team.id))


async def show_team(request: web.Request) -> web.Response:
    await administrator(request)
    return await _team(request, Form())


async def change(request: web.Request) -> web.Response:
    """Rename or delete a team, add or remove a member. Raises NotFound."""
    actor, form = await administrator(request), await form_of(request)
    teams, team_id = request.app[TEAMS], request.match_info["team_id"]
    member = form.get("member", "")
    try:
        match request.match_info["step"]:
            case "rename":
                await teams.rename(team_id, form.get("name", ""), actor=actor)
            case "delete":
                await teams.remove(team_id, actor=actor)
                raise web.HTTPSeeOther(path("admin_teams"))
            case "add-member":
                await teams.add_member(team_id, member, actor=actor)
            case "remove-member":
                await teams.remove_member(team_id, member, actor=actor)
            case _:
                raise NotFound
    except InvalidInput as error:
        return await _team(request, Form(form, form_errors(error, await viewer_of(request))))
    raise web.HTTPSeeOther(path("admin_team", team_id=team_id))


async def _teams(request: web.Request, form: Form) -> web.Response:
    search = request.query.get("search", "")[:100]
    wanted = searched(search)
    found = [
        team for team in await request.app[STORE].read.teams.all() if wanted in searched(team.name)
    ]
    teams, number, pages = page_of(request, found, PAGE)
    rows = [TeamRow(team.id, team.name, len(team.members)) for team in teams]
    shown = TeamList(rows, search, number, pages, total=len(found))
    page = teams_page(await viewer_of(request), form, shown)
    return show(page, 400 if form.errors else 200)


async def _team(request: web.Request, form: Form) -> web.Response:
    """The page of the team of the address. Raises NotFound."""
    read = request.app[STORE].read
    team = await read.teams.get(request.match_info["team_id"])
    if team is None:
        raise NotFound
    search = request.query.get("search", "")[:100]
    wanted = searched(search)
    accounts = await read.accounts.all()
    members = [each for each in accounts if each.id in team.members]
    others = [each for each in accounts if each.id not in team.members]
    found = [each for each in others if wanted in searched(f"{each.name} {each.email}")]
    shown, number, pages = page_of(request, members, PAGE)
    view = TeamView(
        team.id,
        team.name,
        [(each.id, each.name, each.suspended_at is not None) for each in shown],
        number,
        pages,
        len(members),
        [(each.id, f"{each.name} ({each.email})") for each in found[:PAGE]],
        search,
        more=len(found) > PAGE,
        searched=len(others) > PAGE,
    )
    page = team_page(await viewer_of(request), form, view)
    return show(page, 400 if form.errors else 200)
