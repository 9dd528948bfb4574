"""What a file is, by its content alone; names and announced types are not looked at."""

import re
from collections.abc import Iterator
from struct import Struct
from typing import Literal

from web.attachments.job import Refused

Kind = Literal["jpeg", "png", "webp", "gif", "heif", "avif", "pdf"]

PDF_HEADER_WITHIN = 1024
"Bytes before `%PDF-` that readers accept; some mail programs and scanners put lines there."

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"),
    *(b"mif1", b"msf1"),
}

_TO_EXPORT = (
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",  # TIFF, BigTIFF, and the raw formats of most cameras
    b"IIRO",
    b"IIRS",
    b"MMOR",  # those of Olympus
    b"IIU\0",  # Panasonic
    b"FUJIFILMCCD-RAW",
    b"FOVb",  # Sigma
    b"II\xbc\x01",  # JPEG XR
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",  # JPEG 2000
    b"\0\0\0\x0cJXL \r\n\x87\n",
    b"\xff\x0a",  # JPEG XL
    b"8BPS",  # Photoshop
    b"%!PS-Adobe",
)
"Pictures that nothing here reads, or browsers do not show."

_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?>\s+|<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE\s+svg[^\[>]*(?:\[.*?\]\s*)?>)*+"
    rb"<(?:\w+:)?svg[\s/>]",
    re.DOTALL,
)
"What comes before is read once: otherwise 40 spaces would take all the time that a file has."

_DICOM_PREAMBLE = 128
_segment_length = Struct(">H")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"JPEG markers SOF0 to SOF15 (ITU-T T.81, table B.1); 0xF7 is that of JPEG-LS (T.87)."
_JPEG_LS = 0xF7


def sniff(data: bytes) -> Kind:
    """The kind of a file that is read here.

    Raises Refused: `file_needs_export` for a picture of another kind, `file_not_accepted` for
    anything else, `file_incomplete` for nothing at all.
    """
    if not data:
        raise Refused("file_incomplete")
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if b"%PDF-" in data[: PDF_HEADER_WITHIN + len(b"%PDF-")]:
        return "pdf"
    if (
        data.startswith(_TO_EXPORT)
        or _is_dicom(data)
        or _is_bitmap(data)
        or _SVG.match(data[:4096])
    ):
        raise Refused("file_needs_export")
    raise Refused("file_not_accepted")


def _jpeg(data: bytes) -> Kind:
    """JPEG, unless its samples have more than 8 bits or it is JPEG-LS."""
    for marker, content in jpeg_segments(data):
        if marker == _JPEG_LS or (marker in _FRAMES and content[:1] > b"\x08"):
            raise Refused("file_needs_export")
        if marker in _FRAMES:
            break
    return "jpeg"


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments before the compressed data (ITU-T T.81, B.1)."""
    position = 2
    while data[position : position + 1] == b"\xff" and position + 4 <= len(data):
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        (length,) = _segment_length.unpack_from(data, position + 2)
        yield marker, data[position + 4 : position + 2 + length]
        if marker == 0xDA or length < 2:
            return
        position += 2 + length


def _iso_media(data: bytes) -> Kind:
    """HEIF or AVIF by its brands (ISO/IEC 14496-12, 4.3); films have the same container."""
    end = min(int.from_bytes(data[:4], "big"), 1024)
    major = data[8:12]
    brands = {data[at : at + 4] for at in range(16, end, 4)}
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return "avif"
    if major in _HEIF_BRANDS:
        return "heif"
    if major == b"crx " or brands & (_HEIF_BRANDS | _AVIF_BRANDS):
        raise Refused("file_needs_export")
    raise Refused("file_not_accepted")


def _is_dicom(data: bytes) -> bool:
    return data[_DICOM_PREAMBLE : _DICOM_PREAMBLE + 4] == b"DICM"


def _is_bitmap(data: bytes) -> bool:
    """Windows bitmap: its header has the length of the file or nothing there, and a known size."""
    return data.startswith(b"BM") and data[14:18] in {
        size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)
    }
