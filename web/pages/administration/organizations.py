"""Interpreting organizations: who is asked for an interpreter, and in what order."""

from dataclasses import replace

from aiohttp import web

from signaling.errors import N_, InvalidInput, NotFound
from signaling.identifier import new_id
from signaling.interpreter_request import InterpretingOrganization
from signaling.text import searched, typed_name
from storage.store import Records
from web.forms.contacts import understand
from web.forms.once import ids_of
from web.http.forms import form_errors, form_of
from web.http.paging import page_of
from web.http.request import administrator, show, viewer_of
from web.keys import CLOCK, STORE
from web.markup.administration.organizations import OrganizationList, organizations_page
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.view_models import Form, OrganizationRow

NEW = "new"
"In place of an id, for an organization that is being added."
PAGE = 25
"Organizations on one page."


async def show_organizations(request: web.Request) -> web.Response:
    await administrator(request)
    return await _page(request, NEW, Form())


async def save_organization(request: web.Request) -> web.Response:
    """Add, change or remove one; a refusal keeps what was typed."""
    account = await administrator(request)
    app, typed = request.app, await form_of(request)
    now = app[CLOCK].now()
    organization_id = request.match_info["organization_id"]
    known = {each.id: each for each in await app[STORE].read.interpreters.organizations()}
    adding = organization_id == NEW and not typed.get("remove")
    if not adding and organization_id not in known:
        raise NotFound
    if typed.get("remove"):

        async def remove(records: Records) -> None:
            await records.interpreters.remove_organization(organization_id)
            await records.audit.append(now, account.id, "remove_organization", organization_id)

        await app[STORE].write(remove)
        raise web.HTTPSeeOther(path("admin_interpreters"))
    try:
        organization = _read(typed)
    except InvalidInput as error:
        viewer = await viewer_of(request)
        form = Form(typed, form_errors(error, viewer))
        return await _page(request, organization_id, form, 400)
    if not adding:
        organization = replace(organization, id=organization_id)
    ids = ids_of(typed, account.id, now) if adding else ()
    if ids:
        organization = replace(organization, id=ids[0])
    word = "add_organization" if adding else "change_organization"

    async def save(records: Records) -> None:
        if any(each.id in ids for each in await records.interpreters.organizations()):
            return  # the same form again
        await records.interpreters.put_organization(organization)
        await records.audit.append(now, account.id, word, organization.id)

    await app[STORE].write(save)
    raise web.HTTPSeeOther(path("admin_interpreters"))


async def _page(request: web.Request, edited: str, form: Form, status: int = 200) -> web.Response:
    """The page that the query asks for, or the one with the organization that was refused."""
    search = request.query.get("search", "")[:100]
    wanted = searched(search)
    rows = [
        OrganizationRow(each.id, each.name, each.email, each.languages, each.position, each.active)
        for each in await request.app[STORE].read.interpreters.organizations()
        if wanted in searched(f"{each.name} {each.email}")
    ]
    at = next((index for index, row in enumerate(rows) if row.id == edited), None)
    shown, number, pages = page_of(request, rows, PAGE, at=at)
    view = OrganizationList(shown, search, number, pages)
    return show(organizations_page(await viewer_of(request), view, edited, form), status)


def _read(typed: dict[str, str]) -> InterpretingOrganization:
    name = typed_name("name", typed.get("name", ""), required=True)
    address = _read_email(typed.get("email", ""))
    languages = tuple(code for code in OWN_NAMES if typed.get(f"language_{code}"))
    if not languages:
        raise InvalidInput("languages", N_("Please choose at least one language."))
    position = typed.get("position", "").strip() or "1"
    if not position.isascii() or not position.isdigit() or len(position) > 4:
        raise InvalidInput("position", N_("Please enter a whole number."))
    active = bool(typed.get("active"))
    return InterpretingOrganization(new_id(), name, address, languages, int(position), active)


def _read_email(text: str) -> str:
    """Raises InvalidInput. Doubts are ignored: an operator knows internal addresses."""
    try:
        contact = understand(text, None).contact
    except InvalidInput as error:
        if "@" in text:
            raise error.at("email") from None
        raise InvalidInput("email", N_("This is not an email address.")) from None
    if contact.kind != "email":
        raise InvalidInput("email", N_("This is not an email address."))
    return contact.address
