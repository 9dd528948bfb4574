"""What the chunks of a PNG say that Pillow does not (ISO/IEC 15948; PNG Specification, third edition)."""

from collections.abc import Iterator

from web.attachments.heif_boxes import Colors

_GRAY, _RGB = 0, 2
"Color types that name one transparent color (11.2.2)."
_UNSPECIFIED = 2
"In numbers of ITU-T H.273: nothing is said."


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks that are whole (5.3); the content of IDAT is left out."""
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if position + 12 + length > len(data):
            return
        name = data[position + 4 : position + 8]
        yield name, data[position + 8 : position + 8 + length] if name != b"IDAT" else b""
        position += 12 + length


def colors_of(data: bytes) -> Colors | None:
    """Colors by number (`cICP`), unless they are not specified: then a profile counts."""
    content = _content(data, b"cICP")
    if len(content) != 4 or _UNSPECIFIED in content[:2]:
        return None
    return Colors(content[0], content[1])


def transparency_of(data: bytes) -> int | tuple[int, int, int] | None:
    """The transparent color (`tRNS`), as a value of the pixels that Pillow makes of it.

    Pillow scales gray of 1, 2 and 4 bits to 8, and drops the lower half of 16 bits in RGB, but
    reports the color as it is in the file.
    """
    header, content = _content(data, b"IHDR"), _content(data, b"tRNS")
    if len(header) != 13:
        return None
    depth, color_type = header[8], header[9]
    parts = [int.from_bytes(content[at : at + 2], "big") for at in range(0, len(content), 2)]
    if color_type == _GRAY and len(parts) == 1:
        return parts[0] * 255 // ((1 << depth) - 1) if depth < 8 else parts[0]
    if color_type == _RGB and len(parts) == 3:
        red, green, blue = (part >> 8 if depth == 16 else part for part in parts)
        return red, green, blue
    return None


def white_of(data: bytes, most: float) -> int | None:
    """The value of white in a gray picture of 16 bits, if `sBIT` says it; `most` is its lightest."""
    content = _content(data, b"sBIT")
    if len(content) != 1 or not 0 < content[0] < 16:
        return None
    # Values should be shifted up (11.3.3.4), and often are not.
    white = (1 << content[0]) - 1
    return white if most <= white else 65535


def _content(data: bytes, wanted: bytes) -> bytes:
    """The content of the first chunk with this name, empty if there is none."""
    return next((content for name, content in chunks(data) if name == wanted), b"")
