"""The boxes of HEIC and AVIF files: whether all are there, what they say about colors and edges.

ISO/IEC 14496-12 (boxes, `iloc`, `ipma`) and 23008-12 (items of pictures). libheif decodes a file
that was cut off and paints what is missing green, so completeness is judged here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

TOP = {
    *(b"ftyp", b"meta", b"mdat", b"free", b"skip", b"wide", b"uuid", b"idat", b"mini"),
    *(b"moov", b"moof", b"mfra", b"sidx", b"styp", b"pdin"),
}
"Kinds of boxes at the top. At the first other one the walk ends: phones append data of their own."
_DESCRIBING = {b"meta", b"mini", b"moov"}


@dataclass(frozen=True)
class Box:
    """A box: its content is `data[start:end]`; `end` may be beyond the file."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Colors:
    """Colors by number (ITU-T H.273)."""

    primaries: int
    transfer: int


class _Numbers:
    """Reads numbers one after the other. Raises IndexError at the end."""

    def __init__(self, data: bytes, box: Box) -> None:
        self._data = data
        self._position = box.start
        self._end = min(box.end, len(data))

    def take(self, length: int) -> int:
        start, self._position = self._position, self._position + length
        if self._position > self._end:
            raise IndexError
        return int.from_bytes(self._data[start : self._position], "big")

    def signed(self, length: int) -> int:
        number, half = self.take(length), 1 << 8 * length - 1
        return number - 2 * half if number >= half else number


def is_cut(data: bytes) -> bool:
    """Whether a box or a part of a picture ends beyond the file, or none describes a picture."""
    described = False
    for box in boxes(data, 0, len(data)):
        if box.kind not in TOP:
            return False
        if box.end > len(data):
            return True
        if box.kind == b"meta" and any(end > len(data) for end in _extents(data, box)):
            return True
        described = described or box.kind in _DESCRIBING
    return not described


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two positions, until one that makes no sense."""
    while end - start >= 8:
        size, kind, header = (
            int.from_bytes(data[start : start + 4], "big"),
            data[start + 4 : start + 8],
            8,
        )
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield Box(kind, start + header, start + size)
        start += size


def colors_of(data: bytes) -> Colors | None:
    """Colors by number of the primary picture, if it has any and no color profile."""
    meta = next((box for box in boxes(data, 0, len(data)) if box.kind == b"meta"), None)
    if meta is None:
        return None
    try:
        found = [box for box in _properties(data, meta) if box.kind == b"colr"]
        for box in found:
            if data[box.start : box.start + 4] in {b"prof", b"rICC"}:
                return None
        for box in found:
            if data[box.start : box.start + 4] == b"nclx":
                numbers = _Numbers(data, Box(b"", box.start + 4, box.end))
                return Colors(numbers.take(2), numbers.take(2))
    except IndexError:
        pass
    return None


def clean_aperture(data: bytes, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """What is to be shown of the primary picture, which has this size before it is turned (`clap`).

    Left, top, right, bottom in pixels; None for all of it, or if that cannot be (ISO/IEC 14496-12,
    12.1.4.1). libavif leaves it to others to cut off the rest.
    """
    meta = next((box for box in boxes(data, 0, len(data)) if box.kind == b"meta"), None)
    if meta is None:
        return None
    try:
        for box in _properties(data, meta):
            if box.kind == b"clap":
                content = _Numbers(data, box)
                fractions = [Fraction(content.signed(4), content.signed(4)) for _ in range(4)]
                return _window(size, *fractions)
    except (IndexError, ZeroDivisionError):
        pass
    return None


def _window(
    size: tuple[int, int], width: Fraction, height: Fraction, right: Fraction, down: Fraction
) -> tuple[int, int, int, int] | None:
    """A part of a picture; its center is moved from that of the picture."""
    left, top = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    edges = left, top, left + width, top + height
    if any(edge.denominator != 1 for edge in edges) or min(width, height) <= 0:
        return None
    if min(left, top) < 0 or edges[2] > size[0] or edges[3] > size[1]:
        return None
    return int(edges[0]), int(edges[1]), int(edges[2]), int(edges[3])


def without_exif(data: bytes) -> bytes:
    """The same file with items of another type instead of EXIF, which no decoder looks at.

    libavif reads no picture whose EXIF is broken, and Pillow none with a tag of a wrong type.
    """
    changed = bytearray(data)
    for meta in boxes(data, 0, len(data)):
        items = _children(data, meta).get(b"iinf") if meta.kind == b"meta" else None
        if items is not None and items.start < len(data):
            wide = data[items.start] > 0
            for item in boxes(data, items.start + (8 if wide else 6), min(items.end, len(data))):
                place = item.start + (8 if data[item.start : item.start + 1] == b"\2" else 10)
                if item.kind == b"infe" and data[place : place + 4] == b"Exif":
                    changed[place : place + 4] = b"none"
    return bytes(changed)


def _children(data: bytes, meta: Box) -> dict[bytes, Box]:
    """The boxes in a `meta` box, which begins with version and flags."""
    return {box.kind: box for box in boxes(data, meta.start + 4, min(meta.end, len(data)))}


def _extents(data: bytes, meta: Box) -> Iterator[int]:
    """Where the parts of items end, as positions in the file (`iloc`)."""
    box = _children(data, meta).get(b"iloc")
    if box is None:
        return
    numbers = _Numbers(data, box)
    try:
        version = numbers.take(4) >> 24
        sizes = numbers.take(2)
        offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
        if version == 0:
            index = 0
        for _ in range(numbers.take(4 if version == 2 else 2)):
            numbers.take(4 if version == 2 else 2)
            method = numbers.take(2) & 15 if version else 0
            numbers.take(2)
            origin = numbers.take(base)
            for _ in range(numbers.take(2)):
                if not length:
                    break  # one extent: up to the end, wherever that is
                numbers.take(index)
                end = origin + numbers.take(offset) + numbers.take(length)
                if method == 0:
                    yield end
    except IndexError:
        return


def _properties(data: bytes, meta: Box) -> Iterator[Box]:
    """The properties of the primary item (`pitm`, `iprp`). Raises IndexError if they are broken."""
    children = _children(data, meta)
    if not {b"pitm", b"iprp"} <= children.keys():
        return
    numbers = _Numbers(data, children[b"pitm"])
    primary = numbers.take(2 if numbers.take(4) >> 24 == 0 else 4)
    iprp = children[b"iprp"]
    inner = {box.kind: box for box in boxes(data, iprp.start, min(iprp.end, len(data)))}
    if not {b"ipco", b"ipma"} <= inner.keys():
        return
    ipco = inner[b"ipco"]
    known = list(boxes(data, ipco.start, min(ipco.end, len(data))))
    numbers = _Numbers(data, inner[b"ipma"])
    version = numbers.take(4)
    wide = version & 1
    for _ in range(numbers.take(4)):
        item = numbers.take(2 if version >> 24 == 0 else 4)
        for _ in range(numbers.take(1)):
            place = numbers.take(2) & 0x7FFF if wide else numbers.take(1) & 0x7F
            if item == primary and 0 < place <= len(known):
                yield known[place - 1]
