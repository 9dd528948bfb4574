"""For engines of which age a page's files are to be, by the User-Agent header.

The header tells what an engine is like better than any script can: a script that asks runs too late.
Whoever is not known to be current gets the build for older engines, which runs in every one: it costs
a stranger some kilobytes, and the other way round it would cost an old phone the page.
"""

import re

CURRENT_SINCE = {"chrome": (92,), "firefox": (113,), "webkit": (16,)}
"As `web.bundles.bundling.CURRENT`; the last by versions of Safari or, which is the same, of iOS."
_LONGEST = 500
"Characters that are looked at."
_APPLE_MOBILE = re.compile(r"\b(?:iPhone|iPad|iPod)\b.*?\bOS (\d+)_(\d+)")
_BLINK = re.compile(r"\b(?:Headless)?Chrom(?:e|ium)/(\d+)")
_GECKO = re.compile(r"\bGecko/\S+ .*?\bFirefox/(\d+)")
_SAFARI = re.compile(r"\bVersion/(\d+)(?:\.(\d+))?\S* (?:Mobile/\S+ )?Safari/")


def engine_of(user_agent: str) -> tuple[str, tuple[int, ...]]:
    """(engine, version), the engine empty where it is unknown.

    Every browser on iOS is WebKit of the system's age, whatever it calls itself, and so is every view
    of pages inside an app. WebViews of Android, Samsung's browser, Opera, Edge and browsers inside apps
    name the Chrome that they are made of.
    """
    user_agent = user_agent[:_LONGEST]
    if found := _APPLE_MOBILE.search(user_agent):
        return "webkit", (int(found[1]), int(found[2]))
    if found := _BLINK.search(user_agent):
        return "chrome", (int(found[1]),)
    if found := _GECKO.search(user_agent):
        return "firefox", (int(found[1]),)
    if found := _SAFARI.search(user_agent):
        return "webkit", (int(found[1]), int(found[2] or 0))
    return "", ()


def is_older(user_agent: str) -> bool:
    """Whether a request comes from an engine that is not known to be current."""
    engine, version = engine_of(user_agent)
    return engine not in CURRENT_SINCE or version < CURRENT_SINCE[engine]
