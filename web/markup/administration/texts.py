"""The list of the notices' texts, and the page of one with its preview."""

from collections.abc import Collection
from dataclasses import dataclass

import htpy as h
from babel import Locale
from markupsafe import Markup

from signaling.notices.notice import Occasion
from signaling.notices.texts import NOTICE_TEXTS, PARTS, PLACEHOLDERS, Part
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import error_summary, select, submit, text_area
from web.markup.shared.notice_labels import occasion_label, part_label
from web.routes import path
from web.view_models import Form, Viewer


@dataclass(frozen=True)
class TextView:
    """One text and its preview."""

    occasion: Occasion
    language: str
    part: Part
    original: str
    "The default text."
    is_own: bool
    "Whether the operator's own text is sent instead of it."
    placeholders: list[str]
    plain: str
    "Filled with sample values; empty while it is refused."
    rendered: str
    "Sanitized HTML; empty except for mail."
    segments: int
    "Of an SMS, else 0."


def texts_page(viewer: Viewer, language: str, own: Collection[tuple[Occasion, Part]]) -> h.Element:
    """All texts in one language; `own` are the operator's."""
    _ = viewer.translate
    form = Form({"language": language})
    return administration_frame(
        viewer,
        _("Texts"),
        h.form(".filters", action=path("admin_texts"))[
            select(form, "language", _("Language"), viewer.languages), submit(_("Show"), quiet=True)
        ],
        h.ul(".list")[
            (
                h.li(".row")[
                    h.div(".who")[
                        h.strong[occasion_label(viewer, occasion)],
                        h.p(".hint")[
                            (
                                [
                                    h.a(
                                        href=path(
                                            "admin_text",
                                            occasion=occasion,
                                            language=language,
                                            part=part,
                                        )
                                    )[part_label(viewer, part)],
                                    (occasion, part) in own and [" ", h.span(".tag")[_("Changed")]],
                                    " ",
                                ]
                                for part in PARTS
                                if part != "short" or NOTICE_TEXTS[occasion].short
                            )
                        ],
                    ]
                ]
                for occasion in NOTICE_TEXTS
            )
        ],
    )


def text_page(viewer: Viewer, form: Form, view: TextView) -> h.Element:
    _ = viewer.translate
    address = path("admin_text", occasion=view.occasion, language=view.language, part=view.part)
    own_name = dict(viewer.languages).get(view.language, view.language)
    return administration_frame(
        viewer,
        _("Texts"),
        h.h2[
            f"{occasion_label(viewer, view.occasion)} · {part_label(viewer, view.part)} · ",
            h.bdi(lang=view.language)[own_name],
        ],
        error_summary(viewer, form, [("text", _("Text"))]),
        h.form(".card", method="post", action=address)[
            text_area(
                form,
                "text",
                _("Text"),
                hint=_("This is your own text.")
                if view.is_own
                else _("This is the default text. Change it, and yours is sent instead."),
                rows=14 if view.part == "mail" else 4,
                language=view.language,
            ),
            h.div(".actions")[
                h.button(type="submit", name="step", value="preview")[_("Preview")],
                submit(_("Save")),
                view.is_own
                and h.button(type="submit", name="step", value="default")[
                    _("Use the default text")
                ],
            ],
        ],
        view.plain and _preview(viewer, view),
        view.is_own
        and [h.h2[_("Default text")], h.pre(lang=view.language, dir="auto")[view.original]],
        h.h2[_("Placeholders")],
        h.dl[
            (
                [h.dt(dir="ltr")[f"${name}"], h.dd[_(PLACEHOLDERS[name])]]
                for name in view.placeholders
            )
        ],
    )


def _preview(viewer: Viewer, view: TextView) -> list[h.Node]:
    _ = viewer.translate
    direction = Locale.parse(view.language).text_direction
    return [
        h.h2[_("Preview")],
        view.segments > 0
        and h.p(".hint")[
            viewer.plural("%(count)s SMS", "%(count)s SMS", view.segments)
            % {"count": view.segments}
        ],
        h.div("#preview.card", lang=view.language, dir=direction)[
            Markup(view.rendered) if view.rendered else h.pre(dir="auto")[view.plain]
        ],
        view.rendered
        and [
            h.h3[_("As plain text")],
            h.pre("#plain", lang=view.language, dir=direction)[view.plain],
        ],
    ]
