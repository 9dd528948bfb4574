"""What a device is, by the User-Agent of its browser: platform, version, and the app around the browser.

A User-Agent only helps to name the way out of a browser. Whether there is anything to get out of is
decided by what the browser can do (`static/js/shared/in-app-browser.js`). An iPad that asks for desktop
pages says that it is a Mac; what is said about Macs is right for it, too.
"""

import re

from web.http.browser_names import browser_name
from web.view_models import Device, Platform

_LONGEST = 500
"Characters that are looked at; the longest that apps send have some 400."

_PLATFORMS: tuple[tuple[Platform, re.Pattern[str]], ...] = (
    # the first match counts
    ("unknown", re.compile(r"Windows Phone|Tizen")),  # which claim to be Android, or Linux
    ("kaios", re.compile(r"KAIOS/(\d+)(?:\.(\d+))?")),
    ("android", re.compile(r"Android(?: (\d+)(?:\.(\d+))?)?")),
    ("iphone", re.compile(r"(?:iPhone|iPod).*? OS (\d+)_(\d+)")),
    ("iphone", re.compile(r"iPhone|iPod")),
    ("ipad", re.compile(r"iPad.*? OS (\d+)_(\d+)")),
    ("ipad", re.compile(r"iPad")),
    ("windows", re.compile(r"Windows NT (\d+)\.(\d+)")),
    ("chromeos", re.compile(r"\bCrOS\b")),
    ("macos", re.compile(r"Mac OS X (\d+)[._](\d+)")),
    ("macos", re.compile(r"Macintosh")),
    ("linux", re.compile(r"Linux|X11")),
)

_APPS = (
    # Messenger before Facebook, whose names it has, too
    ("Messenger", re.compile(r"FBAN/Messenger|FB_IAB/(?:MESSENGER|Orca)")),
    ("Facebook", re.compile(r"FBAN|FBAV|FB_IAB|MetaIAB Facebook")),
    ("Instagram", re.compile(r"Instagram")),
    ("Threads", re.compile(r"Barcelona ")),
    ("WhatsApp", re.compile(r"\[WAiOS/|\[WA4A/|WhatsApp/")),
    ("Telegram", re.compile(r"Telegram")),
    ("Viber", re.compile(r"Viber")),
    ("TikTok", re.compile(r"musical_ly|BytedanceWebview|TikTok|\btrill_")),
    ("WeChat", re.compile(r"MicroMessenger")),
    ("LINE", re.compile(r"\bLine/")),
    ("Snapchat", re.compile(r"Snapchat")),
    ("X", re.compile(r"Twitter for |TwitterAndroid")),
    ("LinkedIn", re.compile(r"LinkedInApp")),
    ("Google", re.compile(r"\bGSA/")),
)

_ANDROID_WEB_VIEW = re.compile(r"; wv\)")
_APPLE_BROWSER = re.compile(r"Safari/\d")
"Safari and the browsers that people install say so; web views of apps mostly do not."


def device_of(user_agent: str) -> Device:
    """The device that sends this header; what is not recognized is left unknown."""
    text = user_agent[:_LONGEST]
    platform, version = _platform(text)
    app = next((name for name, pattern in _APPS if pattern.search(text)), "")
    apple = platform in ("iphone", "ipad")
    web_view = bool(_ANDROID_WEB_VIEW.search(text)) or (apple and not _APPLE_BROWSER.search(text))
    inside = bool(app) or web_view
    return Device(platform, version, "" if inside else browser_name(text)[0], app, web_view)


def _platform(text: str) -> tuple[Platform, tuple[int, int]]:
    for platform, pattern in _PLATFORMS:
        if found := pattern.search(text):
            parts = [int(part[:6]) for part in found.groups(default="0")]
            return platform, ((*parts, 0, 0)[0], (*parts, 0, 0)[1])
    return "unknown", (0, 0)
