"""The words of notices: the operator's own where there are some, else the catalogs'."""

from signaling.notices.notice import Occasion
from signaling.notices.texts import ApprovedTemplate, Part, source_text
from storage.store import Store
from web.texts.catalogs import Catalogs


class OperatorTexts:
    """`signaling.ports.wording.NoticeWords`, in memory; `load` again whenever something was saved."""

    def __init__(self, texts: Catalogs) -> None:
        self._texts = texts
        self._own: dict[tuple[Occasion, str, Part], str] = {}
        self._templates: dict[tuple[Occasion, str], ApprovedTemplate] = {}

    async def load(self, store: Store) -> None:
        self._own = await store.read.notice_texts.texts()
        self._templates = await store.read.notice_texts.templates()

    def own(self, occasion: Occasion, language: str, part: Part) -> str:
        """What the operator wrote; empty: nothing."""
        return self._own.get((occasion, language, part), "")

    def original(self, occasion: Occasion, language: str, part: Part) -> str:
        """The catalogs' words."""
        return self._texts.get(language).translate(source_text(occasion, part))

    def text(self, occasion: Occasion, language: str, part: Part) -> str:
        return self.own(occasion, language, part) or self.original(occasion, language, part)

    def template(self, occasion: Occasion, language: str) -> ApprovedTemplate | None:
        return self._templates.get((occasion, language))

    @property
    def has_templates(self) -> bool:
        return bool(self._templates)
