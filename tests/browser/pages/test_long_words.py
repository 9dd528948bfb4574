"""Words wider than the page: long names and addresses, and text at twice its size on a phone."""

import pytest

from signaling.account import Account
from signaling.flows.invites.inviting import Plan
from signaling.invite import Person
from tests.browser.conftest import NewContext
from tests.browser.harness.resting import Rest
from tests.browser.harness.visits import sign_in
from tests.serving import Server
from web.keys import INVITING, STORE
from web.routes import path

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 2
LONG_ADDRESS = f"{'e' * 60}@{'d' * 60}.example.org"

BEYOND = """() => {
  const edge = document.documentElement.clientWidth;
  const found = [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && !e.closest(".unseen, .skip, select"))
    .filter((e) => [...e.getClientRects()].some((box) => box.width && (box.right > edge + 1 || box.left < -1)));
  return found.slice(-3).map((e) => `beyond the edge: ${e.outerHTML.slice(0, 90)}`);
}"""
"Elements that do not end where the window does, even inside of one that is cut off or scrolls."

TWICE = """
const twice = new CSSStyleSheet();
twice.replaceSync("html { font-size: 200% !important }");
document.adoptedStyleSheets = [twice];
"""
"Text as large as a reader may have set it: WCAG 2.2, 1.4.4."


async def invited(
    server: Server, account: Account, person: Person, *others: Person
) -> tuple[dict[str, str], str]:
    """The parts of the addresses of a new session and its first invite, and its link."""
    people = (("service_user", person), *(("colleague", each) for each in others))
    inviting = server.app[INVITING]
    consultation, invites = await inviting.invite(account, Plan("remote", people, None, "UTC"))
    _invite, token = await inviting.link_of(invites[0].id, account.id)
    return {"consultation_id": consultation.id, "invite_id": invites[0].id}, token


async def test_long_names_and_addresses_stay_on_the_page(
    server: Server, new_context: NewContext
) -> None:
    person = Person(LONG_NAME, LONG_NAME, "email", LONG_ADDRESS, "en")
    account = await server.app[STORE].read.accounts.by_email("nurse@example.org")
    assert account is not None
    parts, token = await invited(
        server, account, person, Person(LONG_NAME, "", "email", LONG_ADDRESS, "en")
    )
    case = {"consultation_id": parts["consultation_id"]}
    phone = await (await new_context(base_url=server.url, viewport=(320, 640))).new_page()
    complaints: list[str] = []
    await phone.goto(path("landing", token=token))
    await phone.get_by_role("button", name="Join the session").click()
    await phone.locator("#chat-lines .event", has_text=LONG_NAME).first.wait_for()
    complaints += await phone.evaluate(BEYOND)

    # in a browser of its own: signing in ends a guest's seat, and leads their page away
    desk = await (await new_context(base_url=server.url, viewport=(320, 640))).new_page()
    await sign_in(desk, server)
    rest = Rest(desk)
    for address in (
        path("dashboard"),
        path("invites"),
        path("invite_link", invite_id=parts["invite_id"]),
        path("case", **case),
        path("edit_session", **case),
        path("session", **case),
    ):
        await desk.goto(address)
        await rest.come()
        complaints += [f"{address}: {each}" for each in await desk.evaluate(BEYOND)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("language", ["de", "uk"])
async def test_text_of_twice_the_size_stays_on_a_phones_page(
    server: Server, new_context: NewContext, language: str
) -> None:
    boss = await server.account("boss@example.org", "The Boss", "administrator")
    parts, token = await invited(server, boss, Person("Amina", "", "email", "a@example.org", "en"))
    case = {"consultation_id": parts["consultation_id"]}
    context = await new_context(base_url=server.url, viewport=(360, 740))
    await context.add_init_script(TWICE)
    page = await context.new_page()
    await sign_in(page, server, boss.email)
    await context.add_cookies([{"name": "language", "value": language, "url": server.url}])
    rest = Rest(page)
    complaints: list[str] = []
    for address in (
        path("landing", token=token),
        path("landing_test", token=token),
        path("dashboard"),
        path("invites"),
        path("new_invite", {"kind": "remote"}),
        path("new_invite", {"kind": "in_person"}),
        path("case", **case),
        path("edit_session", **case),
        path("session_people", **case),
        path("profile"),
        path("admin_audit"),
        path("admin_health"),
    ):
        await page.goto(address)
        await rest.come()
        complaints += [f"{address}: {each}" for each in await page.evaluate(BEYOND)]
    assert not complaints, "\n".join(complaints)
