"""The texts of notices: the operator's own where there is one, else the catalog's."""

from signaling.notices.notice import Occasion
from signaling.notices.texts import TEMPLATE_OF, ApprovedTemplate, Part, source_text
from storage.store import Store
from web.texts.catalogs import Catalogs


class OperatorTexts:
    """`signaling.ports.wording.NoticeWords`, in memory; `load` again after each change."""

    def __init__(self, texts: Catalogs) -> None:
        self._texts = texts
        self._own: dict[tuple[Occasion, str, Part], str] = {}
        self._templates: dict[tuple[Occasion, str], ApprovedTemplate] = {}

    async def load(self, store: Store) -> None:
        self._own = await store.read.notice_texts.texts()
        self._templates = await store.read.notice_texts.templates()

    def own(self, occasion: Occasion, language: str, part: Part) -> str:
        """The operator's own text; empty without one."""
        return self._own.get((occasion, language, part), "")

    def original(self, occasion: Occasion, language: str, part: Part) -> str:
        """The catalog's text."""
        return self._texts.get(language).translate(source_text(occasion, part))

    def text(self, occasion: Occasion, language: str, part: Part) -> str:
        return self.own(occasion, language, part) or self.original(occasion, language, part)

    def template(self, occasion: Occasion, language: str) -> ApprovedTemplate | None:
        own = self._templates.get((occasion, language))
        return own or self._templates.get((TEMPLATE_OF.get(occasion, occasion), language))

    @property
    def has_templates(self) -> bool:
        return bool(self._templates)
