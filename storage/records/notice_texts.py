"""Texts of notices that the operator wrote, and the WhatsApp templates approved for them."""

from signaling.notices.notice import Occasion
from signaling.notices.texts import ApprovedTemplate, Part
from storage.engine.executor import Executor


class NoticeTexts:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def texts(self) -> dict[tuple[Occasion, str, Part], str]:
        """(occasion, language, part) -> the operator's text."""
        rows = await self._executor.rows("SELECT * FROM notice_text")
        return {(row["occasion"], row["language"], row["part"]): row["text"] for row in rows}

    async def put_text(self, occasion: Occasion, language: str, part: Part, text: str) -> None:
        """Store the operator's text; an empty one restores the catalogs'."""
        await self._executor.rows(
            "DELETE FROM notice_text WHERE occasion = ? AND language = ? AND part = ?",
            (occasion, language, part),
        )
        if text:
            await self._executor.rows(
                "INSERT INTO notice_text (occasion, language, part, text) VALUES (?, ?, ?, ?)",
                (occasion, language, part, text),
            )

    async def templates(self) -> dict[tuple[Occasion, str], ApprovedTemplate]:
        rows = await self._executor.rows("SELECT * FROM whatsapp_template")
        return {
            (row["occasion"], row["language"]): ApprovedTemplate(
                row["name"], row["locale"], tuple(row["parameters"].split())
            )
            for row in rows
        }

    async def put_template(
        self, occasion: Occasion, language: str, template: ApprovedTemplate | None
    ) -> None:
        """Store the template of one occasion and language; None removes it."""
        await self._executor.rows(
            "DELETE FROM whatsapp_template WHERE occasion = ? AND language = ?",
            (occasion, language),
        )
        if template is not None:
            await self._executor.rows(
                "INSERT INTO whatsapp_template (occasion, language, name, locale, parameters)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    occasion, language, template.name, template.locale,
                    " ".join(template.parameters),
                ),
            )  # fmt: skip
