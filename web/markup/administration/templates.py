"""The list of WhatsApp templates, and the form of one."""

from collections.abc import Mapping, Sequence

import htpy as h

from signaling.notices.notice import Occasion
from signaling.notices.texts import PLACEHOLDERS, ApprovedTemplate
from web.markup.administration.frame import administration_frame
from web.markup.shared.controls import error_summary, field, select, submit
from web.markup.shared.notice_labels import occasion_label
from web.routes import path
from web.view_models import Form, Viewer


def templates_page(
    viewer: Viewer, language: str, templates: Mapping[Occasion, ApprovedTemplate | None]
) -> h.Element:
    _ = viewer.translate
    return administration_frame(
        viewer,
        _("WhatsApp templates"),
        h.p[
            _(
                "WhatsApp only sends approved templates. Where one is missing, the next way is tried."
            )
        ],
        h.form(".filters", action=path("admin_templates"))[
            select(Form({"language": language}), "language", _("Language"), viewer.languages),
            submit(_("Show"), quiet=True),
        ],
        h.ul(".list")[
            (
                h.li(".row")[
                    h.div(".who")[
                        h.a(href=path("admin_template", occasion=occasion, language=language))[
                            occasion_label(viewer, occasion)
                        ],
                        h.p(".hint")[h.bdi[template.name if template else _("None")]],
                    ]
                ]
                for occasion, template in templates.items()
            )
        ],
    )


def template_page(
    viewer: Viewer, form: Form, occasion: Occasion, language: str, placeholders: Sequence[str]
) -> h.Element:
    _ = viewer.translate
    labels = [
        ("name", _("Name")),
        ("locale", _("Language code")),
        ("parameters", _("Placeholders in order")),
    ]
    own_name = dict(viewer.languages).get(language, language)
    return administration_frame(
        viewer,
        _("WhatsApp templates"),
        h.h2[f"{occasion_label(viewer, occasion)} · ", h.bdi(lang=language)[own_name]],
        error_summary(viewer, form, labels),
        h.form(
            ".card",
            method="post",
            action=path("admin_template", occasion=occasion, language=language),
        )[
            field(
                form, "name", _("Name"), hint=_("Leave empty if there is none."), direction="ltr"
            ),
            field(form, "locale", _("Language code"), hint="fr, pt_BR", direction="ltr"),
            field(
                form,
                "parameters",
                _("Placeholders in order"),
                hint=_("In the order of the template, separated by spaces."),
                direction="ltr",
            ),
            submit(_("Save")),
        ],
        h.h2[_("Placeholders")],
        h.dl[([h.dt(dir="ltr")[name], h.dd[_(PLACEHOLDERS[name])]] for name in placeholders)],
    )
