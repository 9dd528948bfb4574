"""Apps that open links in a browser of their own: where its menu is, and which let nobody out."""

from typing import Literal, NamedTuple

Place = Literal["top-dots", "top-points", "bottom-dots", "bottom-compass", "bottom-share", "edges"]
"Where the app's menu is, and its sign; a picture of `in-app.svg`."


class Menu(NamedTuple):
    android: Place
    iphone: Place


MENUS = {
    "Facebook": Menu("top-points", "bottom-dots"),
    "Messenger": Menu("top-points", "bottom-dots"),
    "Instagram": Menu("top-points", "top-dots"),
    "TikTok": Menu("top-dots", "top-dots"),
    "WeChat": Menu("top-dots", "top-dots"),
    "LINE": Menu("top-points", "bottom-share"),
    "Telegram": Menu("top-points", "bottom-compass"),
}
"Apps whose menu has been at one place for years; versions differ, so that the words leave some room."
OTHER_MENU = Menu("top-points", "edges")
"Android's own habit, and the two usual ones on iPhones."
STAY_INSIDE = {
    "android": ("WeChat", "TikTok", "Messenger", "Threads"),
    "iphone": ("WeChat", "Snapchat", "Instagram", "X"),
}
"""Apps that follow no link to another app, or not reliably; by tests that the developers of inapp-debugger
have published (2024 to 2026)."""
