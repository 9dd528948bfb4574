"""Terms and help as administrators wrote them, in Markdown."""

from datetime import datetime

from signaling.moments.milliseconds import to_ms
from storage.engine.executor import Executor


class PageTexts:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def all(self) -> dict[tuple[str, str], str]:
        """(page, language) -> Markdown."""
        rows = await self._executor.rows("SELECT page, language, markdown FROM page_text")
        return {(row["page"], row["language"]): row["markdown"] for row in rows}

    async def get(self, page: str, language: str) -> str:
        """The Markdown; empty without one."""
        row = await self._executor.row(
            "SELECT markdown FROM page_text WHERE page = ? AND language = ?", (page, language)
        )
        return str(row["markdown"]) if row else ""

    async def put(self, page: str, language: str, markdown: str, at: datetime) -> None:
        """Store the Markdown of one page in one language; an empty one restores the default."""
        await self._executor.rows(
            "DELETE FROM page_text WHERE page = ? AND language = ?", (page, language)
        )
        if markdown:
            await self._executor.rows(
                "INSERT INTO page_text (page, language, markdown, changed_at) VALUES (?, ?, ?, ?)",
                (page, language, markdown, to_ms(at)),
            )
