"""Operators' Markdown as an HTML mail: sanitized, in its language and direction, light and dark.

Markdown is for texts by operators and translators. What other people type (names, notes) passes
through `signaling.text.literal` first, and appears as it was typed.
"""

import html
import re

import nh3
from markdown.extensions.nl2br import Nl2BrExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

from web.settings.palette import OWN_PALETTE, Palette
from web.texts.safe_markdown import converted

MAX_LENGTH = 8000
"Characters of a notice's Markdown; long lists take quadratic time, too."
EXTENSIONS = (TableExtension(), SaneListExtension(), Nl2BrExtension())

_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "strong", "em", "ul", "ol", "li", "a"),
    *("blockquote", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "bdi", "span"),
}
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href"},
    "ol": {"start"},
}

# Inline, as some mail programs drop style sheets.
_BUTTON = (
    "display:inline-block;padding:12px 20px;border-radius:6px;background:{accent};"
    "color:{on_accent};text-decoration:none;font-weight:600"
)
_LONE_LINK = re.compile(r'<p><a href="([^"]*)"([^>]*)>([^<]*)</a></p>')
_ADDRESS = re.compile(r'<a (href="([^"]*)"[^>]*)>(?=\2</a>)')
"A link whose text is its address."

_PAGE = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 24px; font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 600px; margin: 0 auto; }}
a {{ overflow-wrap: anywhere; }}
a {{ color: {link}; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #182326; color: #e6eff1; }}
  a {{ color: {dark_link}; }}
}}
</style>
</head>
<body lang="{language}" dir="{direction}">
<main>
{body}
</main>
</body>
</html>
"""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


def render(
    markdown_text: str, language: str, direction: str, palette: Palette = OWN_PALETTE
) -> str:
    """The HTML document of a mail; `direction` is ltr or rtl.

    The first paragraph that is one link becomes the button: a mail asks for one thing. Links are http(s), mailto and tel only; images,
    scripts, styles and forms are dropped. Raises InvalidInput for the field `text` if it is too
    long or would take too long to convert; ValueError for an invalid language.
    """
    if not _LANGUAGE.fullmatch(language) or direction not in ("ltr", "rtl"):
        raise ValueError("Not a language or direction.")
    body = body_of(markdown_text)
    body = _ADDRESS.sub(r'<a \1 dir="ltr">', body)
    light = palette.light
    button = _BUTTON.format(accent=light.accent, on_accent=light.on_accent)
    body = _LONE_LINK.sub(rf'<p><a href="\1" style="{button}"\2>\3</a></p>', body, count=1)
    return _PAGE.format(
        language=language,
        direction=direction,
        link=light.accent,
        dark_link=palette.dark.accent,
        body=body,
    )


def body_of(markdown_text: str) -> str:
    """The body of the mail, sanitized, without styles. Raises InvalidInput as `render`."""
    cleaned: str = nh3.clean(
        converted(markdown_text, EXTENSIONS, MAX_LENGTH),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return cleaned


def plain(markdown_text: str) -> str:
    """The text part of the same mail: Markdown stays, as it is readable; entities are decoded."""
    return html.unescape(markdown_text)
