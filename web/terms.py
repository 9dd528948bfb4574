"""The terms that people by link accept: Markdown from the catalogs, rendered and sanitized."""

from collections.abc import Callable

import markdown
import nh3

from signaling.errors import N_

TERMS = N_(
    "- What you write, say and show here is seen by the people in this session only.\n"
    "- Sound and picture are not recorded by this service. Please do not record them either.\n"
    "- Messages are kept encrypted, and deleted 24 hours after the session is closed.\n"
    "- This is not an emergency service. In an emergency call your local emergency number."
)
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "br", "h2", "h3"}


def render_markdown(text: str) -> str:
    """Operator-written Markdown as HTML without anything that runs."""
    html = markdown.markdown(text, extensions=["sane_lists"], output_format="html")
    return nh3.clean(
        html, tags=_TAGS, url_schemes={"https", "mailto", "tel"}, link_rel="noopener noreferrer"
    )


def terms_html(translate: Callable[[str], str]) -> str:
    return render_markdown(translate(TERMS))
