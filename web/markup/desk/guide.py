"""The guide for schedulers, below the help."""

import htpy as h

from web.texts.catalogs import Language
from web.texts.guide import CHAPTERS, PICTURES, TITLE, Step, pictures_of, written
from web.view_models import Viewer

WIDTH, HEIGHT = 720, 450
"Pixels of each picture."


def guide_section(viewer: Viewer, language: Language) -> h.Element:
    """In `language`, which is English where the viewer's has no guide."""
    _ = language.translate
    return h.section(
        ".prose.guide", lang=language.code, dir=language.direction, aria_labelledby="guide"
    )[
        h.h2("#guide")[_(TITLE)],
        (
            [
                h.h3[_(chapter.title)],
                h.ol[(h.li[_step(viewer, language, step)] for step in chapter.steps)],
            ]
            for chapter in CHAPTERS
        ),
    ]


def _step(viewer: Viewer, language: Language, step: Step) -> list[h.Node]:
    # every second part stands between two marks
    parts = written(step, language).split("**")
    return [
        h.p[(h.strong[part] if number % 2 else part for number, part in enumerate(parts))],
        step.picture
        and h.img(
            ".picture",
            src=viewer.static(f"{pictures_of(language.code)}/{step.picture}.webp"),
            alt=language.translate(PICTURES[step.picture]),
            width=WIDTH,
            height=HEIGHT,
            loading="lazy",
        ),
    ]
