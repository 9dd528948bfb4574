"""Devices and the apps around browsers, by real User-Agents."""

import pytest

from web.http.platform import device_of
from web.texts.browsers import either, other_browsers
from web.view_models import Device

MOBILE_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Mobile Safari/537.36"
WEB_VIEW = (
    "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.58 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
)

SYSTEMS = {
    "Mozilla/5.0 (Linux; Android 10; K) " + MOBILE_CHROME.format("141.0.0.0"): Device(
        "android", (10, 0), "Chrome"
    ),
    "Mozilla/5.0 (Linux; Android 5.1.1; SM-J320F) " + MOBILE_CHROME.format("95.0.4638.74"): Device(
        "android", (5, 1), "Chrome"
    ),
    "Mozilla/5.0 (Android 13; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0": Device(
        "android", (13, 0), "Firefox"
    ),
    "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36": Device(
        "android", (13, 0), "Samsung Internet"
    ),
    IPHONE.format("12_5_7") + "Version/12.1.2 Mobile/15E148 Safari/604.1": Device(
        "iphone", (12, 5), "Safari"
    ),
    IPHONE.format("18_7") + "Version/26.4 Mobile/15E148 Safari/604.1": Device(
        "iphone", (18, 7), "Safari"
    ),
    IPHONE.format("16_7") + "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1": Device(
        "iphone", (16, 7), "Chrome"
    ),
    "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/12.1.2 Mobile/15E148 Safari/604.1": Device("ipad", (12, 5), "Safari"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Safari/605.1.15": Device("macos", (10, 15), "Safari"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.13; rv:115.0) Gecko/20100101 Firefox/115.0": Device(
        "macos", (10, 13), "Firefox"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0": Device("windows", (10, 0), "Edge"),
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko": Device(
        "windows", (6, 1)
    ),
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36": Device("chromeos", (0, 0), "Chrome"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": Device(
        "linux", (0, 0), "Firefox"
    ),
    "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5": Device(
        "kaios", (2, 5), "Firefox"
    ),
    "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 650) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254": Device(
        "unknown", (0, 0), "Edge"
    ),
    "": Device(),
    "curl/8.4.0": Device(),
}

APPS = {
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP2A.240905.003; wv) "
    + WEB_VIEW
    + " [FB_IAB/FB4A;FBAV/488.0.0.62.79;IABMV/1;]": ("Facebook", True),
    IPHONE.format("18_1") + "Mobile/22B83 [FBAN/FBIOS;FBAV/488.0.0.68.101;FBBV/658219612;"
    "FBDV/iPhone12,8;FBMD/iPhone;FBSN/iOS;FBSV/18.1]": ("Facebook", True),
    IPHONE.format("18_6_2") + "Mobile/22G100 Safari/604.1 MetaIAB Facebook": ("Facebook", False),
    IPHONE.format("10_2_1") + "Mobile/14D27 [FBAN/MessengerForiOS;FBAV/117.0.0.36.70]": (
        "Messenger",
        True,
    ),
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) "
    + WEB_VIEW
    + " Instagram 355.1.0.44.103 Android (34/14; 420dpi; 1080x2205; Google/google)": (
        "Instagram",
        True,
    ),
    IPHONE.format("18_5") + "Mobile/22F76 Instagram 393.1.0.36.70 (iPhone15,3; iOS 18_5; en_US)": (
        "Instagram",
        True,
    ),
    "Mozilla/5.0 (Linux; Android 10; K) "
    + MOBILE_CHROME.format("141.0.7390.124")
    + " [WA4A/2.25.32.75;]": ("WhatsApp", False),
    IPHONE.format("26_0_1") + "Version/26.0.1 Mobile/15E148 Safari/604.1 [WAiOS/2.25.31]": (
        "WhatsApp",
        False,
    ),
    "Mozilla/5.0 (Linux; Android 7.1.2; K) "
    + MOBILE_CHROME.format("119.0.6045.193")
    + " Telegram-Android/11.4.3 (Samsung SM-G965N; Android 7.1.2; SDK 25; LOW)": (
        "Telegram",
        False,
    ),
    IPHONE.format("17_3_1") + "Mobile/15E148 BytedanceWebview/d8a21c6 musical_ly_33.2.1": (
        "TikTok",
        True,
    ),
    "Mozilla/5.0 (Linux; Android 6.0.1; D6653; wv) "
    + WEB_VIEW
    + " MicroMessenger/6.5.7.1041 NetType/WIFI Language/zh_TW": ("WeChat", True),
    "Mozilla/5.0 (Linux; Android 6.0.1; D6653; wv) " + WEB_VIEW + " Line/7.4.0/IAB": (
        "LINE",
        True,
    ),
    IPHONE.format("17_3_1") + "Version/17.3.1 Mobile/15E148 Snapchat/12.72.0.39 "
    "(like Safari/8617.2.4.10.8, panda)": ("Snapchat", False),
    IPHONE.format("18_1") + "GSA/334.0.674067880 Mobile/15E148 Safari/604.1": ("Google", False),
    "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) " + WEB_VIEW: ("", True),
    IPHONE.format("16_6") + "Mobile/15E148": ("", True),
}


@pytest.mark.parametrize("header", SYSTEMS)
def test_platform_version_and_browser_are_read(header: str) -> None:
    assert device_of(header) == SYSTEMS[header]


@pytest.mark.parametrize("header", APPS)
def test_the_app_around_a_browser_is_named(header: str) -> None:
    device = device_of(header)
    assert (device.app, device.web_view) == APPS[header]
    assert device.browser == "", "what is inside an app is no browser to stay in"


def test_what_is_endless_or_absurd_is_read_quickly() -> None:
    assert device_of("Android " + "9" * 100_000).platform == "android"
    assert device_of("iPhone" * 100_000).platform == "iphone"


@pytest.mark.parametrize(
    ("platform", "version", "present", "named"),
    [
        ("android", (14, 0), "", ("Chrome", "Firefox")),
        ("android", (14, 0), "Chrome", ("Firefox",)),
        ("android", (0, 0), "", ("Chrome", "Firefox")),
        ("android", (4, 1), "", ()),
        ("iphone", (17, 0), "Chrome", ("Safari",)),
        ("iphone", (17, 0), "Safari", ()),
        ("iphone", (12, 5), "Chrome", ()),
        ("windows", (6, 1), "Chrome", ("Firefox ESR 115",)),
        ("windows", (6, 1), "Firefox", ()),
        ("windows", (5, 1), "", ()),
        ("macos", (10, 13), "Safari", ("Firefox ESR 115",)),
        ("kaios", (2, 5), "Firefox", ()),
    ],
)
def test_browsers_are_named_that_can_be_installed(
    platform: str, version: tuple[int, int], present: str, named: tuple[str, ...]
) -> None:
    assert other_browsers(platform, version, present) == named


def test_a_choice_reads_as_in_the_language() -> None:
    assert either(("Chrome", "Firefox"), "en") == "Chrome or Firefox"
    assert either(("Safari", "Chrome", "Firefox"), "ar") == "Safari أو Chrome أو Firefox"
    assert either(("Safari",), "uk") == "Safari"
