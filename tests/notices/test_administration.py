"""What administrators configure for notices: routes, texts, templates, and accounts."""

import re

import pytest

from tests.notices.desk import NUMBER, Desk
from tests.people import Person
from tests.serving import audit_lines
from web.keys import STORE

PAGES = (
    "/admin",
    "/admin/people",
    "/admin/routes",
    "/admin/texts",
    "/admin/texts/invitation/fr/mail",
    "/admin/templates",
    "/admin/templates/reminder/ar",
    "/admin/audit",
    "/admin/outbox",
    "/admin/interpreters",
    "/admin/languages",
    "/admin/pages/terms/en",
    "/admin/pages/help/ar",
    "/admin/settings",
)


@pytest.mark.parametrize("page", PAGES)
async def test_administration_exists_for_administrators_only(nurse: Desk, page: str) -> None:
    assert (await nurse.person.get(page)).status == 200
    await nurse.server.account("plain@example.org", "Plain")
    async with Person(nurse.server) as plain, Person(nurse.server) as stranger:
        await plain.sign_in("plain@example.org")
        assert (await plain.get(page)).status == 404
        assert (await plain.post(page)).status in (404, 405)
        assert (await stranger.get(page)).status == 303


async def test_an_invalid_route_is_named_by_its_line_and_nothing_changes(nurse: Desk) -> None:
    typed = "allow + sms Clinic\n# fine\nallow 41 sms\n"
    answer = await nurse.person.post("/admin/routes", {"routes": typed})
    assert answer.status == 400
    assert "Line 3:" in answer.text and "allow 41 sms" in answer.text
    await nurse.invite(address=NUMBER, channel="sms")
    assert nurse.outside.phones.messages[0]["from"] == "Clinic"


async def test_a_denied_number_is_refused_at_its_field(nurse: Desk) -> None:
    routes = "allow + sms\ndeny +41 any\n"
    assert (await nurse.person.post("/admin/routes", {"routes": routes})).status == 303
    assert routes.split("\n")[1] in (await nurse.person.get("/admin/routes")).text
    answer = await nurse.invite(address=NUMBER, channel="sms")
    assert answer.status == 400
    assert "The administrator has not allowed messages to this number." in answer.text


async def test_an_operators_text_is_sent_escaped_and_can_be_reset(nurse: Desk) -> None:
    page = "/admin/texts/invitation/en/mail"
    text = "# Welcome $name\n\n$scheduler waits for **you**: $link\n\n$$5 off"
    preview = await nurse.person.post(page, {"text": text, "step": "preview"})
    assert "<h1>Welcome Amina Diallo</h1>" in preview.text
    assert "<strong>you</strong>" in preview.text
    await nurse.invite(address="one@example.org")
    assert (await nurse.person.post(page, {"text": text})).status == 303
    await nurse.invite(address="two@example.org", first_name="*A.* <i>")
    assert (await nurse.person.post(page, {"text": ""})).status == 303
    await nurse.invite(address="three@example.org")
    one, two, three = (each.message for each in nurse.outside.mail.received)
    html = two.get_body(("html",)).get_content()
    plain = two.get_body(("plain",)).get_content()
    assert "<h1>Welcome *A.* &lt;i&gt;</h1>" in html
    assert "Nurse Joy waits for you: http" in plain and "$5 off" in plain
    for other in (one, three):
        assert "Welcome" not in other.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("part", "text", "problem"),
    [
        ("mail", "Hello $nome $link", "There is no placeholder $nome."),
        ("mail", "Hello $languages $link", "There is no placeholder $languages."),
        ("mail", "It costs 5$ $link", "A dollar sign that is no placeholder is written $$."),
        ("mail", "Hello $name", "This text needs $link, or nobody can join."),
        ("short", "Come", "This text needs $link, or nobody can join."),
        ("mail", "$link" + "[" * 300, "too long or too complicated"),
        ("subject", "x" * 200, "too long"),
        ("mail", "$link" + "x" * 6000, "too long"),
    ],
)
async def test_an_impossible_text_is_refused_when_saved(
    nurse: Desk, part: str, text: str, problem: str
) -> None:
    answer = await nurse.person.post(f"/admin/texts/invitation/en/{part}", {"text": text})
    assert answer.status == 400
    assert problem in answer.text


@pytest.mark.parametrize("path", ["nothing/en/mail", "invitation/xx/mail", "invitation/en/whole"])
async def test_an_unknown_text_does_not_exist(nurse: Desk, path: str) -> None:
    assert (await nurse.person.get(f"/admin/texts/{path}")).status == 404


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"name": "has space", "locale": "en"}, "Latin letters"),
        ({"name": "a", "locale": "english"}, "A language code looks like"),
        ({"name": "a", "locale": "en", "parameters": "name nome"}, "no placeholder $nome"),
    ],
)
async def test_an_impossible_template_is_refused(
    nurse: Desk, values: dict[str, str], problem: str
) -> None:
    answer = await nurse.person.post("/admin/templates/invitation/en", values)
    assert answer.status == 400
    assert problem in answer.text


async def test_accounts_are_suspended_and_signed_out(nurse: Desk) -> None:
    await nurse.server.account("new@example.org", "New")
    page = (await nurse.person.get("/admin/people?search=new%40")).text
    [account_id] = re.findall(r'<a href="/admin/people/([\w-]+)"><strong', page)
    async with Person(nurse.server) as new:
        await new.sign_in("new@example.org")
        assert (await new.get("/invites")).status == 200
        await nurse.person.post(f"/admin/people/{account_id}/sign-out")
        assert (await new.get("/invites")).status == 303
        await new.sign_in("new@example.org")
        await nurse.person.post(f"/admin/people/{account_id}/suspend")
        assert (await new.get("/invites")).status == 303
        assert (await new.sign_in("new@example.org")).status == 401
        await nurse.person.post(f"/admin/people/{account_id}/let-in")
        assert (await new.sign_in("new@example.org")).status == 303


async def test_the_last_administrator_cannot_be_suspended(nurse: Desk) -> None:
    page = (await nurse.person.get("/admin/people")).text
    own = re.search(r'<a href="/admin/people/([\w-]+)"><strong', page)
    assert own is not None
    answer = await nurse.person.post(f"/admin/people/{own.group(1)}/suspend")
    assert answer.status == 409
    assert "The last administrator cannot be suspended." in answer.text
    assert (await nurse.person.get("/admin")).status == 200
    assert (await nurse.person.post("/admin/people/nobody-here/suspend")).status == 404


async def test_every_administration_page_can_be_reached_and_leads_back(nurse: Desk) -> None:
    index = (await nurse.person.get("/admin")).text
    for page in PAGES:
        if page.count("/") == 2:
            assert f'href="{page}"' in index
            assert 'href="/admin"' in (await nurse.person.get(page)).text


async def test_the_rule_for_sessions_in_progress_is_stored_and_logged(nurse: Desk) -> None:
    rule = "add_colleague_in_progress"
    for typed, checked in (({rule: "on"}, True), ({}, False)):
        answer = await nurse.person.post("/admin/sessions", typed)
        assert (answer.status, answer.location) == (303, "/admin/settings")
        page = (await nurse.person.get("/admin/settings")).text
        assert (re.search(rf'name="{rule}"[^>]* checked', page) is not None) is checked
    lines = await audit_lines(nurse.server.app[STORE])
    changes = [line.thing for line in lines if line.action == "change_rules"]
    assert changes == [f"{rule}:on", f"{rule}:off"]


async def test_a_text_begins_with_the_default_which_saved_as_it_is_stays_that(nurse: Desk) -> None:
    page = "/admin/texts/invitation/en/subject"
    shown = (await nurse.person.get(page)).text
    [default] = re.findall(r"<textarea[^>]*>(.+?)</textarea>", shown, re.DOTALL)
    assert "This is the default text." in shown
    await nurse.person.post(page, {"text": default})
    assert "This is the default text." in (await nurse.person.get(page)).text
    await nurse.person.post(page, {"text": "Come in"})
    assert "This is your own text." in (await nurse.person.get(page)).text
    await nurse.person.post(page, {"text": "Come in", "step": "default"})
    assert "This is the default text." in (await nurse.person.get(page)).text


async def test_each_field_of_each_organization_has_a_name_and_a_place_of_its_own(
    nurse: Desk,
) -> None:
    for name in ("One", "Two"):
        form = {"name": name, "email": f"{name}@example.org", "language_fr": "on", "active": "on"}
        assert (await nurse.person.post("/admin/interpreters/new", form)).status == 303
    refused = await nurse.person.post("/admin/interpreters/new", {"name": "Three"})
    for page in (refused.text, (await nurse.person.get("/admin/interpreters")).text):
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r' for="([^"]+)"', page)) <= set(ids)
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert 'value="Three"' in refused.text


async def test_a_new_organization_is_asked_unless_one_says_otherwise(nurse: Desk) -> None:
    page = (await nurse.person.get("/admin/interpreters")).text
    [box] = re.findall(r'<input[^>]*name="active"[^>]*>', page)
    assert "checked" in box
