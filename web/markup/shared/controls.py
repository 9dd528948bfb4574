"""Form controls, buttons and boxes, tied to their labels, hints and errors."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

import htpy as h
from markupsafe import Markup

from signaling.identifier import new_id
from web.forms.once import ONCE
from web.view_models import Form, Viewer

Attributes = dict[str, str | bool | None]


def _describe(form: Form, name: str, hint: str | None) -> tuple[Attributes, list[h.Node]]:
    """Attributes that tie the control `name` to its hint and error, and those two elements."""
    error, place = form.errors.get(name), form.place(name)
    ids = [f"{place}-hint"] if hint else []
    texts: list[h.Node] = [h.p(".hint", id=f"{place}-hint")[hint]] if hint else []
    if error:
        ids.append(f"{place}-error")
        texts.append(h.p(".error", id=f"{place}-error")[error])
    return {
        "aria-describedby": " ".join(ids) or None,
        "aria-invalid": "true" if error else None,
    }, texts


def field(
    form: Form,
    name: str,
    label: str,
    *,
    kind: Literal["text", "email", "password", "date", "time", "search"] = "text",
    minimum: str | None = None,
    hint: str | None = None,
    required: bool = False,
    autocomplete: str = "off",
    direction: Literal["auto", "ltr"] = "auto",
) -> h.Element:
    """A labelled one-line input that keeps what was typed, except for passwords.

    No control has a `maxlength`, as browsers truncate pasted text silently. What is too long is refused
    with a sentence, and kept whole. An email is no input of that type: browsers refuse an address that
    was copied with direction marks or its owner's name, which the server reads.
    """
    described, texts = _describe(form, name, hint)
    return h.div(
        ".field"
    )[
        h.label(for_=form.place(name))[label],
        texts[:1] if hint else None,
        h.input(
            {
                "id": form.place(name),
                "name": name,
                "type": "text" if kind == "email" else kind,
                "inputmode": "email" if kind == "email" else None,
                "autocapitalize": "none" if direction == "ltr" else None,  # no prose
                "spellcheck": "false" if direction == "ltr" else None,
                "value": None if kind == "password" else form.values.get(name) or None,
                "required": required,
                "autocomplete": autocomplete,
                "min": minimum,
                "dir": direction,
                **described,
            }
        ),
        texts[1:] if hint else texts,
    ]


def once(form: Form) -> h.VoidElement:
    """What makes of a form that is sent again, because its answer was lost, the same wish."""
    return h.input(type="hidden", name=ONCE, value=form.values.get(ONCE) or new_id())


def code_field(form: Form, name: str, label: str, *, hint: str | None = None) -> h.Element:
    """A field for a one-time code; browsers offer what a message or an app of the device shows.

    Not of the type `number`: that drops leading zeros, and refuses spaces and digits of other scripts.
    """
    described, texts = _describe(form, name, hint)
    return h.div(".field")[
        h.label(for_=name)[label],
        texts[:1] if hint else None,
        h.input(
            {
                "id": name,
                "name": name,
                "type": "text",
                "inputmode": "numeric",
                "required": True,
                "autocomplete": "one-time-code",
                "dir": "ltr",
                **described,
            }
        ),
        texts[1:] if hint else texts,
    ]


def file_field(
    form: Form, name: str, label: str, *, accept: str, hint: str | None = None
) -> h.Element:
    """A labelled choice of a file; its form is multipart/form-data."""
    described, texts = _describe(form, name, hint)
    place = form.place(name)
    return h.div(".field")[
        h.label(for_=place)[label],
        texts[:1] if hint else None,
        h.input({"id": place, "name": name, "type": "file", "accept": accept, **described}),
        texts[1:] if hint else texts,
    ]


def text_area(
    form: Form,
    name: str,
    label: str,
    *,
    hint: str | None = None,
    rows: int = 3,
    direction: Literal["auto", "ltr"] = "auto",
    language: str | None = None,
) -> h.Element:
    """`language` is that of the text, where it is not the page's."""
    described, texts = _describe(form, name, hint)
    return h.div(".field")[
        h.label(for_=form.place(name))[label],
        texts[:1] if hint else None,
        h.textarea(
            {
                "id": form.place(name),
                "name": name,
                "rows": str(rows),
                "dir": direction,
                "lang": language,
                **described,
            }
        )[form.values.get(name, "")],
        texts[1:] if hint else texts,
    ]


def select(
    form: Form,
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    *,
    groups: Sequence[tuple[str, tuple[tuple[str, str], ...]]] = (),
    default: str = "",
    hint: str | None = None,
) -> h.Element:
    """A labelled list of (value, text) that keeps what was chosen; after them titled `groups` of more."""
    described, texts = _describe(form, name, hint)
    chosen = form.values.get(name, default)
    return h.div(".field")[
        h.label(for_=form.place(name))[label],
        texts[:1] if hint else None,
        h.select({"id": form.place(name), "name": name, **described})[
            choices(tuple(options), chosen),
            (h.optgroup(label=title)[choices(group, chosen)] for title, group in groups),
        ],
        texts[1:] if hint else texts,
    ]


def choices(
    options: tuple[tuple[str, str], ...], chosen: str, *, languages: bool = False
) -> Markup:
    """The (value, text) pairs of a select as markup; each in its own language if these are languages."""
    known = any(value == chosen for value, _text in options)
    return _choices(options, chosen if known else None, languages)


# A page has hundreds of options, most of them languages and zones, which hardly ever change:
# rendering them took half of its time.
@lru_cache(maxsize=64)
def _choices(options: tuple[tuple[str, str], ...], chosen: str | None, languages: bool) -> Markup:
    return Markup(
        h.fragment[
            (
                h.option(value=value, selected=value == chosen, lang=value if languages else None)[
                    text
                ]
                for value, text in options
            )
        ]
    )


def checkbox(form: Form, name: str, label: str, *, hint: str | None = None) -> h.Element:
    described, texts = _describe(form, name, hint)
    return h.div(".field.check")[
        h.label[
            h.input(
                {
                    "id": form.place(name),
                    "name": name,
                    "type": "checkbox",
                    "checked": bool(form.values.get(name)),
                    **described,
                }
            ),
            " ",
            label,
        ],
        texts,
    ]


def radios(
    form: Form,
    name: str,
    legend: str,
    options: Iterable[tuple[str, str]],
    *,
    default: str = "",
    hint: str | None = None,
) -> h.Element:
    """A group of (value, text), one of which is chosen."""
    described, texts = _describe(form, name, hint)
    chosen = form.values.get(name, default)
    return h.fieldset({"class": "field radios", "id": form.place(name), **described})[
        h.legend[legend],
        (
            h.label[
                h.input(type="radio", name=name, value=value, checked=value == chosen),
                " ",
                h.span[text],
            ]
            for value, text in options
        ),
        texts,
    ]


def submit(label: str, *, quiet: bool = False) -> h.Element:
    return h.button("" if quiet else ".primary", type="submit")[label]


def button(identifier: str, label: str, *, style: str = "", **attributes: str) -> h.Element:
    """A button that a script finds by its id."""
    named = {key.replace("_", "-"): value for key, value in attributes.items()}
    return h.button({"id": identifier, "class": style or None, "type": "button", **named})[label]


def go(
    address: str, label: str, *, primary: bool = False, **attributes: str | bool | None
) -> h.Element:
    """A button that leads to another page; works without scripts, changes nothing.

    `attributes` are the button's, for scripts; a `name` and `value` become the query.
    """
    style = "primary" if primary else None
    return h.form(".inline", method="get", action=address)[
        h.button({"type": "submit", "class": style}, **attributes)[label]
    ]


def action(address: str, label: str, *, primary: bool = False) -> h.Element:
    """A state change as a form of its own; works without scripts, never by following a link."""
    return h.form(".inline", method="post", action=address)[submit(label, quiet=not primary)]


def notice(
    content: h.Node, *, kind: Literal["info", "good", "warning", "bad"] = "info"
) -> h.Element:
    return h.div(f".notice.{kind}")[content]


def error_summary(viewer: Viewer, form: Form, labels: Sequence[tuple[str, str]]) -> h.Node:
    """The errors at the top, with links to their fields; nothing without errors."""
    _ = viewer.translate
    if not form.errors:
        return None
    whole = form.errors.get("")
    known = [(name, label) for name, label in labels if name in form.errors]
    return h.div(".notice.bad", role="alert", tabindex="-1")[
        h.p[whole or _("Please check what you entered.")],
        known
        and h.ul[
            (
                h.li[h.a(href=f"#{form.place(name)}")[label], ": ", form.errors[name]]
                for name, label in known
            )
        ],
    ]
