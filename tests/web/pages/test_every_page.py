"""Every page that the server can show: ids, labels, names, live regions, directions, languages."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from scripts.samples import NURSE, PASSWORD, Sample, password_link, sample
from scripts.texts import extract, read
from signaling.interpreter_request import InterpretingOrganization
from tests.people import LINK, Person, outbox
from tests.serving import Server, serving
from web.handlers import HANDLERS
from web.keys import STORE
from web.routes import path

NO_PAGE = (
    {"clocks", "zones", "invite_qr", "landing_calendar", "report", "session_file", "seat_file"}
    | {"device_test_download", "admin_audit_export", "admin_numbers_export", "socket", "catalog"}
    | {
        "static",
        "seat_worker",
        "brand_colors",
        "brand_logo",
        "health",
        "ready",
        "metrics",
        "call_markup",
        "hosts_waiting",
        "admin_sessions",
    }
)
"Addresses that answer with something else."
NOT_NOW = (
    {"sign_in_code", "recovery_codes", "setup", "account", "authenticator_app", "new_passkey"}
    | {"provider_sign_in", "provider_callback", "provider_link", "provider_signed_out"}
    | {"take_part"}
)
"Pages of a step of signing in, of a server without accounts, or of a colleague's session."
SEATS = {"seat", "seat_shell", "seat_plain", "seat_plain_lines"}
"Pages of whoever has taken one."
VOID = {"input", "img", "br", "hr", "meta", "link", "source"}
BLOCKS = {"h1", "h2", "h3", "p", "div", "section", "article", "li", "dd", "td", "main"}
LIVE = ("status", "alert", "log", "timer")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    above: tuple["Element", ...]
    text: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def is_live(self) -> bool:
        return self.attributes.get("role") in LIVE or "aria-live" in self.attributes

    def within(self, *tags: str) -> bool:
        return any(each.tag in tags for each in self.above)

    def __str__(self) -> str:
        told = " ".join(f'{name}="{value}"' for name, value in self.attributes.items())
        return f"<{self.tag} {told}>{self.words[:60]}"


class Tree(HTMLParser):
    """The elements of a document, with the text that is in each."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[tuple[str, Element]] = []
        self._open: list[Element] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes, tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1].tag not in ("script", "style"):
            self.texts.append((" ".join(data.split()), self._open[-1]))
            for element in self._open:
                element.text.append(data)

    def having(self, name: str) -> Iterator[tuple[Element, str]]:
        for element in self.elements:
            if name in element.attributes:
                yield element, element.attributes[name]


@dataclass(frozen=True)
class Places:
    """A server with sample data, and addresses of every page in it."""

    server: Server
    found: Sample
    staff: dict[str, list[str]]
    "Route -> addresses for whoever is signed in."
    guests: dict[str, list[str]]
    "The same for people by link, who are asked in this order."


@pytest.fixture(scope="module")
async def places(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Places]:
    async with serving(tmp_path_factory.mktemp("data")) as server:
        found = await sample(server.app)
        organization = InterpretingOrganization("one", "العربية", "a@example.org", ("ar", "ti"), 1)
        store = server.app[STORE]
        await store.write(lambda records: records.interpreters.put_organization(organization))
        async with Person(server) as nurse:
            assert (await nurse.sign_in(NURSE, PASSWORD)).status == 303
            wanted = {"kind": "remote", "language": "ar", "interpreter": "on"}
            person = {"first_name": "Hodan", "address": "hodan@example.org"}
            assert (await nurse.post("/invites/new", wanted | person)).status == 303
            team = (await nurse.post(path("admin_teams"), {"name": "فريق"})).location
        asked = next(each for each in await outbox(server) if each.to == "a@example.org")
        request = re.search(r"/r/[\w-]+", asked.text)
        assert request is not None and not LINK.search(asked.text)
        case = {"consultation_id": found.consultation_id}
        parts = {
            **case,
            "invite_id": found.invite_id,
            "account_id": found.colleague_id,
            "occasion": "invitation",
            "language": "fr",
            "page": "terms",
            "team_id": team.rpartition("/")[2],
        }
        several = {
            "admin_text": [{"part": part} for part in ("subject", "mail", "short")],
            "session": [{}, {"consultation_id": found.left_id}],
            "admin_delete_account": [{}, {"account_id": found.account_id}],
            "admin_page_text": [{}, {"page": "help"}],
        }
        staff: dict[str, list[str]] = {}
        guests = {
            "landing": [found.landing, found.early, path("landing", token="x" * 22)],
            "landing_test": [found.early_test],
            "interpreter_request": [request.group()],
            "choose_password": [await password_link(server.app)],
            "left": [path("left")],
            "terms": [path("terms")],
            "help": [path("help")],
            "sign_in": [path("sign_in")],
            "forgotten_password": [path("forgotten_password")],
            "not_found": ["/nowhere"],
        }
        for method, name in HANDLERS:
            if method == "GET" and name not in NO_PAGE | NOT_NOW | guests.keys() | SEATS:
                staff[name] = [path(name, **{**parts, **more}) for more in several.get(name, [{}])]
        staff["new_invite"] += [
            path("new_invite", {"kind": kind}) for kind in ("remote", "in_person")
        ]
        assert not any("{" in address for every in staff.values() for address in every), staff
        yield Places(server, found, staff, guests)


@pytest.fixture(scope="module")
async def pages(places: Places) -> dict[str, Tree]:
    """Every page in English, by its address and who asked."""
    trees: dict[str, Tree] = {}
    async with Person(places.server) as nurse, Person(places.server) as guest:
        await nurse.sign_in(NURSE, PASSWORD)
        for name, addresses in places.staff.items():
            for address in addresses:
                answer = await nurse.get(address)
                assert answer.status == 200, f"{name} {address} answers {answer.status}"
                trees[f"{name} {address}"] = Tree(answer.text)
        trees |= await _by_link(guest, places)
    assert {name.split()[0] for name in trees} | NO_PAGE | NOT_NOW >= {
        name for method, name in HANDLERS if method == "GET"
    }
    return trees


async def _by_link(guest: Person, places: Places) -> dict[str, Tree]:
    trees: dict[str, Tree] = {}
    for name, addresses in places.guests.items():
        for address in addresses:
            answer = await guest.get(address)
            assert answer.headers["Content-Type"].startswith("text/html"), address
            trees[f"{name} {address}"] = Tree(answer.text)
    invite_id = await guest.join(places.found.landing)
    for name in sorted(SEATS):
        address = path(name, invite_id=invite_id)
        trees[f"{name} {address}"] = Tree((await guest.get(address)).text)
    trees[f"landing {places.found.early} seated"] = Tree((await guest.get(places.found.early)).text)
    return trees


def complain(complaints: Iterator[str]) -> None:
    found = sorted(set(complaints))
    assert not found, "\n" + "\n".join(found)


def test_ids_are_unique(pages: dict[str, Tree]) -> None:
    complain(
        f"{page}: {identifier} {count} times"
        for page, tree in pages.items()
        for identifier, count in Counter(each for _, each in tree.having("id")).items()
        if count > 1 or not identifier
    )


def test_what_points_to_an_element_finds_it(pages: dict[str, Tree]) -> None:
    def complaints() -> Iterator[str]:
        for page, tree in pages.items():
            known = {each for _, each in tree.having("id")}
            for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
                for element, value in tree.having(name):
                    if not value or set(value.split()) - known:
                        yield f"{page}: {element}"
            for element, address in tree.having("href"):
                if address.startswith("#") and address[1:] not in known:
                    yield f"{page}: {element}"

    complain(complaints())


SAID_BESIDE = {"interface-language", "ask-photo-whom"}
"Controls whose value, or the button beside them, says what they are."


def test_every_control_has_a_label_that_is_seen(pages: dict[str, Tree]) -> None:
    def complaints() -> Iterator[str]:
        for page, tree in pages.items():
            labels = {value: label for label, value in tree.having("for")}
            for element in tree.elements:
                if element.tag not in ("input", "select", "textarea"):
                    continue
                if element.attributes.get("type") in ("hidden", "submit", "button"):
                    continue
                if "hidden" in element.attributes or "aria-hidden" in element.attributes:
                    continue  # a script or the browser uses it
                identifier = element.attributes.get("id", "")
                wrapped = [each for each in element.above if each.tag == "label"]
                label = labels.get(identifier) or (wrapped[-1] if wrapped else None)
                if identifier in SAID_BESIDE:
                    if label is None and not element.attributes.get("aria-label"):
                        yield f"{page}: no name: {element}"
                elif label is None or not label.words:
                    yield f"{page}: no label: {element}"
                elif "unseen" in label.classes:
                    yield f"{page}: label not seen: {element}"
                if element.attributes.get("placeholder", "").strip():
                    yield f"{page}: pale words that go when one types: {element}"

    complain(complaints())


def test_buttons_links_pictures_and_parts_have_names(pages: dict[str, Tree]) -> None:
    def complaints() -> Iterator[str]:
        for page, tree in pages.items():
            for element in tree.elements:
                said = {"aria-label", "data-says"} & element.attributes.keys()
                named = element.words or said
                # filled by scripts, or hidden from everybody but the Enter key
                attributes = element.attributes
                if element.within("template") or {"hidden", "aria-hidden"} & attributes.keys():
                    continue
                if element.tag in ("button", "a", "summary", "legend") and not named:
                    yield f"{page}: {element}"
                if element.tag in ("meter", "video", "nav") and not named:
                    yield f"{page}: {element}"
                if element.tag == "img" and "alt" not in element.attributes:
                    yield f"{page}: {element}"

    complain(complaints())


def test_each_page_has_one_heading_and_no_order_of_tabs_of_its_own(pages: dict[str, Tree]) -> None:
    def complaints() -> Iterator[str]:
        for page, tree in pages.items():
            headings = [each for each in tree.elements if each.tag == "h1"]
            if len(headings) != 1:
                yield f"{page}: {len(headings)} headings"
            for element, value in tree.having("tabindex"):
                if int(value) > 0:
                    yield f"{page}: {element}"

    complain(complaints())


def test_what_changes_is_said_once(pages: dict[str, Tree]) -> None:
    """A live region within another one would be read twice."""
    complain(
        f"{page}: {element}"
        for page, tree in pages.items()
        for element in tree.elements
        if element.is_live and any(each.is_live for each in element.above)
    )


def test_a_name_has_a_direction_of_its_own_and_a_block_that_of_the_page(
    pages: dict[str, Tree],
) -> None:
    """A block with the direction of an Arabic name would stand at the far end of an English page."""
    complain(
        f"{page}: {element}"
        for page, tree in pages.items()
        for element, direction in tree.having("dir")
        # what somebody has written is a text of its own
        if direction == "auto" and element.tag in BLOCKS and "text" not in element.classes
    )


@pytest.mark.slow
async def test_what_people_by_link_read_is_in_their_language(places: Places) -> None:
    """In Tigrinya, of which the least is translated: what falls back to English is found."""
    catalog = read("ti")
    english = {
        sentence
        for message in extract()
        if message.id
        for sentence in ((message.id,) if isinstance(message.id, str) else message.id)
        if (found := catalog.get(message.id)) is None or not found.string
    }
    async with Person(places.server) as guest:
        guest.http.cookie_jar.update_cookies({"language": "ti"})
        trees = await _by_link(guest, places)
    names = ("sign_in", "forgotten_password", "choose_password", "interpreter_request")
    complain(
        f"{page}: {text}"
        for page, tree in trees.items()
        if not page.startswith(names)  # of staff, and in their language
        for text, element in tree.texts
        if text in english and not element.within("option")
    )


def test_what_is_written_on_a_control_is_in_its_name(pages: dict[str, Tree]) -> None:
    """Whoever speaks to a device says what they read: WCAG 2.2, 2.5.3."""
    complain(
        f"{page}: {element}"
        for page, tree in pages.items()
        for element, name in tree.having("aria-label")
        if element.tag in ("button", "a", "summary")
        and element.words.casefold() not in name.casefold()
    )


def test_a_text_in_another_language_says_in_which(pages: dict[str, Tree]) -> None:
    """Read aloud by the rules of the page's language it would not be understood: WCAG 2.2, 3.1.2."""
    places = ("admin_text ", "admin_page_text ")
    written = [
        element
        for page, tree in pages.items()
        if page.startswith(places)
        for element in tree.elements
        if element.tag == "textarea"
    ]
    assert len(written) >= 5
    assert {element.attributes.get("lang") for element in written} == {"fr"}
