"""Where the ways out of a browser lead, by the User-Agent that asks for the page."""

import re
from html import unescape

import htpy as h
import pytest

from tests.people import Person
from tests.serving import Server
from tests.web.http.test_platform import IPHONE, MOBILE_CHROME, WEB_VIEW
from web.http.platform import device_of
from web.markup.guests.in_app import in_app
from web.markup.shared.ways_out import ways_out
from web.view_models import Viewer

LINK = "https://care.example.org/i/secret-token"
ANDROID_APP = "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) " + WEB_VIEW
CHROME = "Mozilla/5.0 (Linux; Android 10; K) " + MOBILE_CHROME.format("141.0.0.0")
FACEBOOK = IPHONE.format("17_1") + "Mobile/22B83 [FBAN/FBIOS;FBAV/488.0.0.68.101]"
_BUTTON = re.compile(r'<a class="button" href="([^"]*)"[^>]*>Open in ([^<]*)<')
_PICTURE = re.compile(r'in-app\.svg#([\w-]+)"')


def viewer_with(user_agent: str) -> Viewer:
    return Viewer(
        language="en",
        direction="ltr",
        time_zone="UTC",
        translate=str,
        plural=lambda one, many, number: one if number == 1 else many,
        static=lambda name: f"/static/1/{name}",
        scripts=list,
        inline=str,
        brand="Care",
        path="/",
        languages=(("en", "English"),),
        device=device_of(user_agent),
    )


def shown(user_agent: str, link: str | None) -> str:
    return unescape(str(h.div[ways_out(viewer_with(user_agent), link=link)]))


def straight(user_agent: str, link: str = LINK) -> tuple[str, str]:
    """(address, browser) of the button that opens another browser; empty without one."""
    found = _BUTTON.search(shown(user_agent, link))
    return (found[1], found[2]) if found else ("", "")


def pictures(user_agent: str) -> list[str]:
    return _PICTURE.findall(str(in_app(viewer_with(user_agent), LINK)))


def test_an_android_app_is_left_by_an_intent_for_chrome_that_leads_back_without_it() -> None:
    address, browser = straight(ANDROID_APP + " Instagram 355.1.0.44.103 Android (34/14)")
    assert browser == "Chrome"
    assert address == (
        "intent://care.example.org/i/secret-token#Intent;scheme=https;package=com.android.chrome;"
        "S.browser_fallback_url=https%3A%2F%2Fcare.example.org%2Fi%2Fsecret-token;end"
    )


def test_an_iphone_app_is_left_for_safari_from_ios_17_on() -> None:
    assert straight(FACEBOOK) == ("x-safari-https://care.example.org/i/secret-token", "Safari")
    assert straight(FACEBOOK.replace("17_1", "16_6")) == ("", "")


@pytest.mark.parametrize(
    "user_agent",
    [
        ANDROID_APP + " MicroMessenger/8.0.38",
        ANDROID_APP + " musical_ly_2023303040 BytedanceWebview/d8a21c6",
        IPHONE.format("18_5") + "Mobile/22F76 Instagram 424.1.0.31.54",
        IPHONE.format("18_5") + "Version/17.3.1 Mobile/15E148 Snapchat/12.72.0.39",
        CHROME,
        IPHONE.format("18_5") + "Version/18.5 Mobile/15E148 Safari/604.1",
        IPHONE.format("18_5") + "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1",
        "",
    ],
)
def test_no_button_is_offered_that_is_not_known_to_work(user_agent: str) -> None:
    assert straight(user_agent) == ("", "")


def test_without_tls_there_is_no_way_straight_out() -> None:
    assert straight(FACEBOOK, "http://localhost:8080/i/x") == ("", "")


def test_the_other_browser_is_named_and_the_link_can_be_selected() -> None:
    page = shown(CHROME, LINK)
    assert "Open Firefox, and paste the link" in page and f">{LINK}</code>" in page
    page = shown(ANDROID_APP, LINK)
    assert "Open Chrome or Firefox, and paste the link" in page


def test_where_no_browser_helps_another_device_does() -> None:
    page = shown(IPHONE.format("12_5_7") + "Version/12.1.2 Mobile/15E148 Safari/604.1", LINK)
    assert "another phone, tablet or computer" in page and f">{LINK}</code>" in page
    assert "Safari" not in page


def test_a_page_that_does_not_know_the_link_sends_back_to_the_message() -> None:
    page = shown(CHROME, None)
    assert "Open the link from your message again, in Firefox." in page
    assert "Copy link" not in page
    assert "another phone" in shown("Mozilla/5.0 (Mobile; rv:48.0) Firefox/48.0 KAIOS/2.5", None)


def test_the_menu_of_an_app_is_pictured_where_it_is() -> None:
    assert pictures(FACEBOOK) == ["bottom-dots", "choose"]
    assert pictures(ANDROID_APP + " [FB_IAB/FB4A;FBAV/488.0.0.62.79;]") == ["top-points", "choose"]
    assert pictures(IPHONE.format("16_6") + "Mobile/15E148") == ["edges", "choose"]
    assert pictures(CHROME) == [], "a browser that is in no app has no such menu"


async def test_the_page_behind_a_link_names_the_app_and_keeps_its_token_to_itself(
    server: Server, nurse: Person
) -> None:
    link = await nurse.invite()
    async with Person(server) as amina:
        answer = await amina.get(link, **{"User-Agent": FACEBOOK})
    assert "This page was opened inside the app \u2068Facebook\u2069." in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert f">{server.url}{link}</code>" in answer.text
