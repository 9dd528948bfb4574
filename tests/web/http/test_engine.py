"""Which browsers get which build, by the User-Agent headers that they send."""

import pytest

from web.http.engine import engine_of, is_older

ANDROID = "Mozilla/5.0 (Linux; Android 6.0.1; SM-J500F) AppleWebKit/537.36 (KHTML, like Gecko) "
VIEW = "Mozilla/5.0 (Linux; Android 5.1.1; SM-J120F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "

OLDER = {
    ANDROID + "Chrome/76.0.3809.132 Mobile Safari/537.36": ("chrome", (76,)),
    ANDROID + "Chrome/87.0.4280.141 Mobile Safari/537.36": ("chrome", (87,)),
    ANDROID + "Chrome/91.0.4472.120 Mobile Safari/537.36": ("chrome", (91,)),
    ANDROID + "SamsungBrowser/14.2 Chrome/87.0.4280.141 Mobile Safari/537.36": ("chrome", (87,)),
    VIEW + "Chrome/83.0.4103.106 Mobile Safari/537.36": ("chrome", (83,)),
    VIEW + "Chrome/86.0.4240.99 XWEB/4313 MMWEBSDK/20220903 Mobile Safari/537.36 MMWEBID/1 "
    "MicroMessenger/8.0.28.2240(0x28001C57) WeChat/arm64 NetType/4G Language/en": ("chrome", (86,)),
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:78.0) Gecko/20100101 Firefox/78.0": ("firefox", (78,)),
    "Mozilla/5.0 (Android 8.1.0; Mobile; rv:90.0) Gecko/90.0 Firefox/90.0": ("firefox", (90,)),
    "Mozilla/5.0 (Android 5.1; Mobile; rv:68.0) Gecko/68.0 Firefox/68.0": ("firefox", (68,)),
    "Mozilla/5.0 (Mobile; Nokia 2720; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5": ("firefox", (48,)),
    IPHONE.format("13_4") + "Version/13.1 Mobile/15E148 Safari/604.1": ("webkit", (13, 4)),
    IPHONE.format("15_8_3") + "Version/15.6.6 Mobile/15E148 Safari/604.1": ("webkit", (15, 8)),
    IPHONE.format("15_8") + "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1": ("webkit", (15, 8)),
    IPHONE.format("14_8") + "FxiOS/98.0 Mobile/15E148 Safari/605.1.15": ("webkit", (14, 8)),
    IPHONE.format("12_5_7") + "Mobile/15E148 [FBAN/FBIOS;FBAV/400.0]": ("webkit", (12, 5)),
    MAC + "Version/14.1.2 Safari/605.1.15": ("webkit", (14, 1)),
    "Mozilla/5.0 (Linux; U; Android 4.4.2; en-us; SM-T230) AppleWebKit/534.30 (KHTML, like Gecko) "
    "Version/4.0 Mobile Safari/534.30": ("", ()),
    "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16": ("", ()),
    "Something/1.0": ("", ()),
    "": ("", ()),
}  # fmt: skip
CURRENT = {
    ANDROID + "Chrome/92.0.4515.159 Mobile Safari/537.36": ("chrome", (92,)),
    ANDROID + "Chrome/95.0.4638.74 Mobile Safari/537.36": ("chrome", (95,)),
    ANDROID + "Chrome/106.0.5249.126 Mobile Safari/537.36": ("chrome", (106,)),
    ANDROID + "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36": ("chrome", (115,)),
    ANDROID + "Chrome/119.0.0.0 Mobile Safari/537.36 OPR/79.0.4195.76525": ("chrome", (119,)),
    VIEW + "Chrome/95.0.4638.74 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/443.0;]": ("chrome", (95,)),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/138.0.0.0 Safari/537.36": ("chrome", (138,)),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0": ("chrome", (120,)),
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0": ("firefox", (115,)),
    "Mozilla/5.0 (Android 8.1.0; Mobile; rv:113.0) Gecko/113.0 Firefox/113.0": ("firefox", (113,)),
    IPHONE.format("16_7_10") + "Version/16.6.1 Mobile/15E148 Safari/604.1": ("webkit", (16, 7)),
    IPHONE.format("17_5_1") + "Version/17.5 Mobile/15E148 Safari/604.1": ("webkit", (17, 5)),
    IPHONE.format("17_0") + "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1": ("webkit", (17, 0)),
    IPHONE.format("16_0") + "Mobile/15E148 MicroMessenger/8.0.38(0x1800262c) NetType/4G": (
        "webkit", (16, 0)
    ),
    MAC + "Version/16.6 Safari/605.1.15": ("webkit", (16, 6)),
}  # fmt: skip


@pytest.mark.parametrize("header", [*OLDER, *CURRENT])
def test_an_engine_is_known_by_what_it_is_made_of(header: str) -> None:
    assert engine_of(header) == (OLDER | CURRENT)[header]


@pytest.mark.parametrize("header", [*OLDER, *CURRENT])
def test_who_is_not_known_to_be_current_gets_the_older_build(header: str) -> None:
    assert is_older(header) == (header in OLDER)
