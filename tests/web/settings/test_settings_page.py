"""The settings page: what holds and by what, and what changes at once."""

import io
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from PIL import Image

from tests.people import Answer, Person, outbox
from tests.serving import Server, audit_lines, serving
from web.config import SETTINGS
from web.keys import RUNTIME_SETTINGS, STORE
from web.settings.logo import MOST_BYTES


@pytest.fixture
async def server(tmp_path) -> AsyncIterator[Server]:
    settings = {
        "TELECONNECT_REMINDER_MINUTES": "60",
        "TELECONNECT_TURN_URLS": "turn:turn.example.org",
        "TELECONNECT_TURN_SECRET": "very-secret",
        "TELECONNECT_SMPT_URL": "smtp://typo.example.org",
    }
    async with serving(tmp_path, **settings) as server:
        await server.account(role="administrator")
        yield server


@pytest.fixture
async def boss(server: Server) -> AsyncIterator[Person]:
    async with Person(server) as boss:
        await boss.sign_in()
        yield boss


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 300)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (11, 110, 117)).save(target, kind)
    return target.getvalue()


async def send_logo(boss: Person, data: bytes, text: str = "", **more: str) -> Answer:
    form = aiohttp.FormData()
    form.add_field("logo", data, filename="logo.png", content_type="image/png")
    form.add_field("logo_text", text)
    for name, value in more.items():
        form.add_field(name, value)
    return await boss.ask("POST", "/admin/logo", data=form)


async def test_every_setting_is_shown_with_its_origin_and_no_secret(boss: Person) -> None:
    page = (await boss.get("/admin/settings")).text
    for setting in SETTINGS:
        assert f">{setting.name}</code>" in page
    assert "turn:turn.example.org" in page
    assert "very-secret" not in page
    # the TURN server's, and the address of the database where there is one
    assert page.count("Set, and not shown") == 1 + bool(boss.server.config.database_url)
    assert "TELECONNECT_SMPT_URL" in page  # most likely misspelled


async def test_a_new_name_is_on_pages_at_once_and_the_default_comes_back(
    server: Server, boss: Person
) -> None:
    assert (await boss.post("/admin/settings/brand", {"brand": "Field Clinic"})).status == 303
    async with Person(server) as stranger:
        assert "Field Clinic" in (await stranger.get("/signin")).text
        assert (await boss.post("/admin/settings/brand", {"reset": "on"})).status == 303
        assert "Field Clinic" not in (await stranger.get("/signin")).text
    assert server.app[RUNTIME_SETTINGS].brand == "TeleConnect"
    lines = await audit_lines(server.app[STORE])
    changes = [(line.action, line.thing) for line in lines if line.action == "change_setting"]
    assert changes == [("change_setting", "brand")] * 2


async def test_what_the_environment_sets_cannot_be_changed_here(
    server: Server, boss: Person
) -> None:
    page = (await boss.get("/admin/settings")).text
    assert re.search(r"<fieldset[^>]* disabled[^>]*>.*TELECONNECT_REMINDER_MINUTES", page, re.S)
    answer = await boss.post("/admin/settings/reminder_minutes", {"reminder_minutes": "5"})
    assert answer.status == 404
    assert server.app[RUNTIME_SETTINGS].reminder_minutes == (60,)


async def test_a_stored_value_waits_while_the_environment_has_another(tmp_path) -> None:
    async with serving(tmp_path) as server, Person(server) as boss:
        await server.account(role="administrator")
        await boss.sign_in()
        await boss.post("/admin/settings/media_policy", {"media_policy": "relay"})
        assert server.app[RUNTIME_SETTINGS].media_policy == "relay"
    for given, held, origin in (("auto", "auto", "environment"), ("", "relay", "here")):
        async with serving(tmp_path, TELECONNECT_MEDIA_POLICY=given) as server:
            settings = server.app[RUNTIME_SETTINGS]
            assert (settings.media_policy, settings.origin("media_policy")) == (held, origin)


@pytest.mark.parametrize(
    ("name", "typed", "problem"),
    [
        ("brand", "", "Please fill in this field."),
        ("brand", "x" * 81, "too long"),
        ("brand", "a\u202eb", "not allowed here"),
        ("color", "blue", "A color is written like"),
        ("color", "#808080", "is a gray"),
        ("media_policy", "carrier pigeon", "Please choose one."),
    ],
)
async def test_an_impossible_value_is_refused_and_kept(
    server: Server, boss: Person, name: str, typed: str, problem: str
) -> None:
    before = server.app[RUNTIME_SETTINGS].origin(name)
    answer = await boss.post(f"/admin/settings/{name}", {name: typed})
    assert answer.status == 400
    assert problem in answer.text
    assert name == "media_policy" or typed in answer.text
    assert server.app[RUNTIME_SETTINGS].origin(name) == before


async def test_the_color_is_a_style_sheet_with_a_digest(server: Server, boss: Person) -> None:
    assert "colors.css" not in (await boss.get("/admin")).text
    await boss.post("/admin/settings/color", {"color": "#D2232A"})
    [address] = re.findall(r'href="(/brand/[^"]+/colors.css)"', (await boss.get("/admin")).text)
    sheet = await boss.get(address)
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "--accent:" in sheet.text
    await boss.post("/admin/settings/color", {"color": "#0b6e75"})
    old = await boss.get(address)
    assert "#0b6e75" in old.text and old.headers["Cache-Control"] == "no-cache"
    await boss.post("/admin/settings/color", {"reset": "on"})
    assert (await boss.get(address)).status == 404


@pytest.mark.slow
async def test_a_logo_is_encoded_again_and_stands_on_every_page(
    server: Server, boss: Person
) -> None:
    sent = picture() + b"<script>hidden()</script>"
    assert (await send_logo(boss, sent, "A red lamp")).status == 303
    async with Person(server) as stranger:
        page = (await stranger.get("/signin")).text
        found = re.search(r'<img src="(/brand/[^"]+)" alt="A red lamp" width="(\d+)"', page)
        assert found is not None and found[2] == "640"
        shown = await stranger.get(found[1])
    assert b"hidden" not in shown.body
    with Image.open(io.BytesIO(shown.body)) as opened:
        assert opened.size[0] == 640
    assert "immutable" in shown.headers["Cache-Control"]
    damaged = await send_logo(boss, picture()[:60])
    assert damaged.status == 400 and "cannot be read" in damaged.text
    # only the words change, then it goes
    assert (await send_logo(boss, b"", "A blue lamp")).status == 303
    assert 'alt="A blue lamp"' in (await boss.get("/admin")).text
    assert (await send_logo(boss, b"", reset="on")).status == 303
    assert "/brand/" not in (await boss.get("/admin")).text


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "Please choose a picture."),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "must be a PNG or a JPEG"),
        (picture("GIF"), "must be a PNG or a JPEG"),
        (b"%PDF-1.4", "must be a PNG or a JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "larger than 512 kB"),
    ],
)
async def test_an_impossible_logo_is_refused(
    server: Server, boss: Person, data: bytes, problem: str
) -> None:
    answer = await send_logo(boss, data, "What was typed")
    assert answer.status == 400
    assert problem in answer.text
    assert server.app[RUNTIME_SETTINGS].logo is None


async def test_the_sender_of_mail_has_the_new_name(server: Server, boss: Person) -> None:
    await boss.post("/admin/settings/brand", {"brand": "Field Clinic"})
    await boss.invite("Amina")
    await outbox(server)
    [file] = (server.config.data_dir / "outbox").glob("*.eml")
    assert "From: Field Clinic <" in file.read_text()


async def test_no_other_setting_can_be_stored(boss: Person) -> None:
    assert (await boss.post("/admin/settings/nothing", {"nothing": "x"})).status == 404


PART = b'--b\r\nContent-Disposition: form-data; name="logo"\r\n'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no part at all", PART, PART + b"\r\ncut off", PART + b"X: " + b"a" * 20_000,
        PART + b"X: a\r\n" * 3000, PART + b"no colon\r\n\r\nx\r\n--b--\r\n",
        PART + b"Content-Length: -5\r\n\r\nx\r\n--b--\r\n",
        PART + b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
    ],
)  # fmt: skip
async def test_a_logo_in_a_form_that_cannot_be_read_is_refused(boss: Person, body: bytes) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert (await boss.ask("POST", "/admin/logo", data=body, headers=kind)).status == 400
