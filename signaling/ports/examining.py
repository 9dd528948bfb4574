"""What judges a received file before anybody sees it: the examiner and the virus scanner.

A file is given as blocks, and what is made of it comes back as blocks: no process of ours but the
examiner's child ever holds one as a whole.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from typing import Literal, Protocol


class Picture(Protocol):
    """A rendition that the examiner made."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Examined(Protocol):
    """What the examiner found a file to be."""

    @property
    def kind(self) -> Literal["photo", "pdf", ""]: ...
    @property
    def pages(self) -> int: ...
    @property
    def notes(self) -> Sequence[str]:
        """Values of `signaling.attachment.AttachmentNote`."""
        ...


Keep = Callable[[Picture, AsyncIterator[bytes]], Awaitable[None]]
"Takes one rendition after the other."


class Examiner(Protocol):
    async def examine(
        self, size: int, source: AsyncIterable[bytes], keep: Keep, *, whose: str
    ) -> Examined:
        """Judge a file of `size` bytes. Raises FileRefused.

        Nobody (`whose`, a consultation's id) waits for all files of somebody else.
        """
        ...

    async def page(
        self, size: int, number: int, source: AsyncIterable[bytes], keep: Keep, *, whose: str
    ) -> Examined:
        """Draw a page of a PDF, the first being 1. Raises FileRefused."""
        ...


class Scanner(Protocol):
    async def scan(self, source: AsyncIterable[bytes]) -> None:
        """Raises FileInfected, FileTooLarge for it, or ScannerUnavailable without an answer."""
        ...
