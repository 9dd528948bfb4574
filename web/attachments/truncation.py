"""Whether a file ends before it is over, by its own structure. See `heif_boxes.py` for HEIC and AVIF."""

import re

from web.attachments import heif_boxes
from web.attachments.content_sniffing import Kind
from web.attachments.png import chunks

_TAIL = 2048
"Bytes at the end of a PDF within which `%%EOF` is looked for; scanners append zeros and lines."
_LINEARIZED_LENGTH = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")


def is_cut(kind: Kind, data: bytes) -> bool:
    """Whether the end of a file is missing. Asked of HEIC and AVIF before decoding, and of others that could not be read."""
    match kind:
        case "jpeg":
            return b"\xff\xd9" not in data[data.rfind(b"\xff\xda") :]
        case "png":
            return all(name != b"IEND" for name, _ in chunks(data))
        case "gif":
            return not data.rstrip(b"\0").endswith(b";")
        case "webp":
            return 8 + int.from_bytes(data[4:8], "little") > len(data)
        case "heif" | "avif":
            return heif_boxes.is_cut(data)
        case "pdf":
            return b"%%EOF" not in data[-_TAIL:] or is_short_linearized(data)


def is_short_linearized(data: bytes) -> bool:
    """Whether a PDF is shorter than it says (ISO 32000-2, F.3.2: `/L`)."""
    announced = _LINEARIZED_LENGTH.search(data[:2048])
    return announced is not None and int(announced[1]) > len(data)
