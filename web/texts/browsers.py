"""Browsers that help where the present one does not: which ones exist for a platform, and their names.

Those that show, write and call here and can still be installed on that version. Sources: the makers'
pages of system requirements, as of November 2026.
"""

from collections.abc import Sequence

from babel.lists import format_list

from web.texts.date_words import locale_of

CHROME, FIREFOX, SAFARI, EDGE = "Chrome", "Firefox", "Safari", "Edge"
FIREFOX_115 = "Firefox ESR 115"

_KNOWN = {
    # Newer Android has newer ones; what these versions keep is new enough: Chrome 81 at 4.4, 95 at 5.
    "android": (((5, 0), (CHROME, FIREFOX)), ((4, 4), (CHROME,))),
    # All browsers there are WebKit: another one than Safari never does more.
    "iphone": (((13, 4), (SAFARI,)),),
    "ipad": (((13, 4), (SAFARI,)),),
    "windows": (((10, 0), (CHROME, FIREFOX, EDGE)), ((6, 1), (FIREFOX_115,))),
    "macos": (((10, 15), (SAFARI, CHROME, FIREFOX)), ((10, 12), (FIREFOX_115,))),
    "chromeos": (((0, 0), (CHROME,)),),
    "linux": (((0, 0), (FIREFOX, CHROME)),),
    "kaios": (),
    "unknown": (((0, 0), (CHROME, FIREFOX, SAFARI)),),
}
"Platform -> (least version, browsers), newest first. Below them nothing that can be installed helps."


def other_browsers(platform: str, version: tuple[int, int], without: str = "") -> tuple[str, ...]:
    """The names of browsers to try, best first, except the present one.

    A version of zeros is unknown, and taken for a new one.
    """
    rows = _KNOWN[platform]
    found = next((names for least, names in rows if version >= least or version == (0, 0)), ())
    return tuple(name for name in found if not (without and name.startswith(without)))


def either(names: Sequence[str], language: str) -> str:
    """Names as a choice: "Chrome or Firefox"."""
    return format_list(names, style="or", locale=locale_of(language))
