"""The editor of terms and help: one language, with its preview."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import htpy as h
from babel import Locale
from markupsafe import Markup

from web.markup.administration.frame import administration_frame
from web.markup.guests.page_text import page_title
from web.markup.shared.controls import error_summary, notice, text_area
from web.markup.shared.labels import filled
from web.routes import path
from web.texts.catalogs import OWN_NAMES
from web.texts.page_texts import Page
from web.view_models import Form, Viewer

HOURS, BRAND = "$hours", "$brand"
"Placeholders of the text."

Source = Literal["own", "default", "elsewhere"]
"""`elsewhere`: there is neither an own text nor a translation of the default, so that people read
another language."""


@dataclass(frozen=True)
class PageTextView:
    page: Page
    language: str
    sources: Sequence[tuple[str, Source]]
    "Code of each offered language, and what is shown in it."
    version: str
    "Of the stored text that the form began with."
    preview: str
    "Sanitized HTML; empty while the text is refused."
    theirs: str | None = None
    "The text that was stored in the meantime; None if there was none."

    @property
    def source(self) -> Source:
        return dict(self.sources).get(self.language, "default")


def page_text_editor(viewer: Viewer, form: Form, view: PageTextView) -> h.Element:
    _ = viewer.translate
    title = page_title(viewer, view.page)
    direction = Locale.parse(view.language).text_direction
    return administration_frame(
        viewer,
        title,
        _languages(viewer, view),
        h.h2[OWN_NAMES[view.language]],
        error_summary(viewer, form, [("text", _("Text"))]),
        view.theirs is not None and _conflict(viewer, view),
        h.p[_explanation(viewer, view.source)],
        _form(viewer, form, view),
        view.preview
        and [
            h.h2[_("Preview")],
            h.div("#preview.card.prose", lang=view.language, dir=direction)[Markup(view.preview)],
        ],
        h.p[
            h.a(href=path(view.page, {"language": view.language}))[
                _("See the page as others see it")
            ]
        ],
    )


def _form(viewer: Viewer, form: Form, view: PageTextView) -> h.Element:
    _ = viewer.translate
    return h.form(
        ".card",
        method="post",
        action=path("admin_page_text", page=view.page, language=view.language),
    )[
        h.input(type="hidden", name="version", value=view.version),
        text_area(
            form,
            "text",
            _("Text"),
            hint=_(
                "An empty line begins a paragraph; # begins a heading, - a point of a list;"
                " **two stars** make bold."
            ),
            rows=18,
            language=view.language,
        ),
        h.p(".hint")[
            filled(
                _(
                    "%(hours)s stands for the hours that a closed session is kept,"
                    " %(brand)s for the name of the service."
                ),
                hours=h.code(dir="ltr")[HOURS],
                brand=h.code(dir="ltr")[BRAND],
            )
        ],
        h.div(".actions")[
            h.button(".primary", type="submit", name="step", value="save")[_("Save")],
            h.button(type="submit", name="step", value="preview")[_("Preview")],
            view.source == "own"
            and h.button(type="submit", name="step", value="default")[_("Use the default text")],
        ],
    ]


def _languages(viewer: Viewer, view: PageTextView) -> h.Element:
    _ = viewer.translate
    tags = {"own": _("Own text"), "default": "", "elsewhere": _("Shown in English")}
    return h.nav(aria_label=_("Languages"))[
        h.ul(".languages")[
            (
                h.li[
                    h.a(
                        href=path("admin_page_text", page=view.page, language=code),
                        lang=code,
                        aria_current="page" if code == view.language else None,
                    )[OWN_NAMES[code]],
                    tags[source] and [" ", h.span(".tag")[tags[source]]],
                ]
                for code, source in view.sources
            )
        ]
    ]


def _explanation(viewer: Viewer, source: Source) -> str:
    _ = viewer.translate
    return {
        "own": _("This is your own text. It is shown instead of the default."),
        "default": _("This is the default text. Change it, and yours is shown instead."),
        "elsewhere": _(
            "Nothing is written in this language yet, so people read it in English."
            " Write it here in this language."
        ),
    }[source]


def _conflict(viewer: Viewer, view: PageTextView) -> h.Element:
    _ = viewer.translate
    return notice(
        [
            h.p[
                _(
                    "Somebody else has changed this text in the meantime, so yours is not saved yet."
                    " Save again to replace theirs, which is this:"
                )
            ],
            h.pre("#theirs", lang=view.language, dir="auto")[view.theirs or _("The default text.")],
        ],
        kind="warning",
    )
