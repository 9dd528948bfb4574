"""Every form of accounts and administration with unintended values: refused with a sentence, or harmless."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from scripts.samples import NURSE, PASSWORD, sample
from signaling.interpreter_request import InterpretingOrganization
from tests.notices.test_bad_input import EVIL
from tests.people import Person
from tests.serving import Server, serving
from tests.web.pages.test_every_page import Element, Tree
from web.keys import STORE
from web.routes import path

VALUES = {
    **EVIL,
    "apostrophe": "O'Neil & Söhne <x>",
    "letter": "x",
    "right to left": "مريم (2) \u200f7",
    "another normal form": "E\u0301lodie",
    "address": "nurse@example.org, eve@example.org",
}
MARKUP = ("<img src=x", "<script>alert", "<x>")
BY_GUESTS = ("sign_in", "forgotten_password")
BY_STAFF = (
    "profile", "proof", "share_session", "hand_over", "admin_people", "admin_invite_account",
    "admin_person", "admin_delete_account", "admin_teams", "admin_team", "admin_access_requests",
    "admin_interpreters", "admin_routes", "admin_text", "admin_template", "admin_page_text",
    "admin_settings", "admin_languages", "admin_audit", "admin_outbox",
)  # fmt: skip
"Addresses of pages with forms in which something is typed or chosen."
LONGEST_QUERY = 500
UNTYPED = ("submit", "button", "file", "checkbox", "radio")


@dataclass(frozen=True)
class FilledForm:
    method: str
    action: str
    values: dict[str, str]
    "As the page offers it."
    typed: tuple[str, ...]
    "Names of the fields that anything can be put into."


def forms(tree: Tree) -> Iterator[FilledForm]:
    for form in tree.elements:
        if (
            form.tag == "form"
            and "action" in form.attributes
            and form.attributes.get("enctype") != "multipart/form-data"
        ):
            inside = [each for each in tree.elements if form in each.above]
            values = {
                each.attributes["name"]: value
                for each in inside
                if "name" in each.attributes and (value := offered(each, inside)) is not None
            }
            typed = tuple(name for name in values if name not in pressed(inside))
            action = form.attributes["action"]
            yield FilledForm(form.attributes.get("method", "get").upper(), action, values, typed)


def offered(control: Element, inside: list[Element]) -> str | None:
    """The value with which a control is sent; None if it is not."""
    if control.tag == "select":
        options = [each for each in inside if each.tag == "option" and control in each.above]
        chosen = [each for each in options if "selected" in each.attributes] or options[:1]
        return chosen[0].attributes.get("value", "") if chosen else ""
    if control.tag == "textarea":
        return control.words
    if control.attributes.get("type") in ("checkbox", "radio"):
        return control.attributes.get("value") if "checked" in control.attributes else None
    return control.attributes.get("value", "")


def pressed(inside: list[Element]) -> set[str]:
    return {
        each.attributes.get("name", "")
        for each in inside
        if each.tag == "button" or each.attributes.get("type") in UNTYPED
    }


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def addresses(server: Server) -> dict[str, str]:
    """Name -> address of each page."""
    found = await sample(server.app)
    organization = InterpretingOrganization("one", "Voices", "a@example.org", ("ar", "ti"), 1)
    await server.app[STORE].write(
        lambda records: records.interpreters.put_organization(organization)
    )
    async with Person(server) as nurse:
        await nurse.sign_in(NURSE, PASSWORD)
        team = (await nurse.post(path("admin_teams"), {"name": "Ward"})).location
    parts = {
        "consultation_id": found.consultation_id,
        "account_id": found.account_id,
        "occasion": "invitation",
        "language": "fr",
        "part": "mail",
        "page": "terms",
        "team_id": team.rpartition("/")[2],
    }
    return {name: path(name, **parts) for name in (*BY_GUESTS, *BY_STAFF)}


def harmless(text: str) -> bool:
    return not any(each in text for each in MARKUP)


async def send(person: Person, form: FilledForm, values: dict[str, str]) -> tuple[int, str]:
    if form.method == "GET":
        query = {name: value[:LONGEST_QUERY] for name, value in values.items()}
        answer = await person.ask("GET", form.action, params=query)
    else:
        answer = await person.post(form.action, values)
    return answer.status, answer.text


@pytest.mark.slow
@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.soak)])
async def test_every_field_with_unintended_values(
    server: Server, addresses: dict[str, str], share: int
) -> None:
    """One of so many pairs of field and value is tried."""
    complaints: list[str] = []
    number = 0
    async with Person(server) as nurse, Person(server) as guest:
        await nurse.sign_in(NURSE, PASSWORD)
        people = {name: guest if name in BY_GUESTS else nurse for name in addresses}
        for name, address in addresses.items():
            page = await people[name].get(address)
            assert page.status == 200, address
            found = [each for each in forms(Tree(page.text)) if each.typed]
            assert found, address
            fields = [(form, field) for form in found for field in form.typed]
            for (form, field), kind in product(fields, VALUES):
                number += 1
                if number % share:
                    continue
                typed = form.values | {field: VALUES[kind]}
                status, text = await send(people[name], form, typed)
                if status >= 500 or not harmless(text):
                    complaints.append(f"{form.action} {field} {kind}: {status}")
                if status == 400 and 'role="alert"' not in text:
                    complaints.append(f"{form.action} {field} {kind}: no sentence")
        for name, address in addresses.items():
            answer = await people[name].get(address)
            if answer.status != 200 or not harmless(answer.text):
                complaints.append(f"{name} afterwards: {answer.status}")
    assert number > 2000
    assert not complaints, "\n" + "\n".join(complaints)
