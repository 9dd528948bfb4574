"""The terms that people who come by link accept: Markdown from the catalogs, as safe HTML."""

import markdown
import nh3
from markdown.extensions.sane_lists import SaneListExtension

from signaling.errors import N_
from web.view_models import Viewer

SEEN_HERE_ONLY = N_("What you write, say and show here is seen by the people in this session only.")
NOT_RECORDED = N_(
    "Sound and picture are not recorded by this service. Please do not record them either."
)
NO_EMERGENCY = N_(
    "This is not an emergency service. In an emergency call your local emergency number."
)
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "br", "h2", "h3"}


def render_markdown(text: str) -> str:
    """Markdown as sanitized HTML."""
    html = markdown.markdown(text, extensions=[SaneListExtension()], output_format="html")
    return nh3.clean(
        html, tags=_TAGS, url_schemes={"https", "mailto", "tel"}, link_rel="noopener noreferrer"
    )


def terms_html(viewer: Viewer) -> str:
    _ = viewer.translate
    kept = viewer.plural(
        "Messages are kept encrypted, and deleted %(hours)s hour after the session is closed.",
        "Messages are kept encrypted, and deleted %(hours)s hours after the session is closed.",
        viewer.retention_hours,
    ) % {"hours": viewer.retention_hours}
    sentences = (_(SEEN_HERE_ONLY), _(NOT_RECORDED), kept, _(NO_EMERGENCY))
    return render_markdown("\n".join(f"- {sentence}" for sentence in sentences))
