"""A photo becomes two pictures that any browser shows: upright, in sRGB, with nothing private.

Nothing is handed on but pixels: EXIF, GPS, XMP, comments, embedded thumbnails, gain maps, films and
further pictures stay behind.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO

import pi_heif
from PIL import AvifImagePlugin, Image, PngImagePlugin

from web.attachments import heif_boxes
from web.attachments.colors import extremes, on_white, to_eight_bits, to_srgb, without_palette
from web.attachments.content_sniffing import Kind
from web.attachments.heif_boxes import Colors
from web.attachments.icc import is_hdr, profile_of
from web.attachments.job import LARGE, SMALL, Refused, Rendition
from web.attachments.orientation import turn
from web.attachments.png import colors_of, transparency_of, white_of
from web.attachments.truncation import is_cut

PIXELS = 100_000_000
"Decoded whole: a HEIC photo of that size takes about 700 MB."
BASELINE_PIXELS = 200_000_000
"Of a JPEG that is not progressive: it is decoded at a fraction of its size, in 65 MB."
TEXT_BYTES = 64 * 2**20
"Of one compressed text in a PNG. Editors put megabytes of XMP there, and list all files of a layout."
QUALITY = 85
"Of JPEG, from 1 to 95."
FEW_COLORS = 256
"Drawings and screenshots have fewer, and are smaller and sharper as PNG."

_FORMATS: dict[Kind, list[str]] = {
    "jpeg": ["JPEG", "MPO"],
    "png": ["PNG"],
    "webp": ["WEBP"],
    "gif": ["GIF"],
    "heif": ["HEIF"],
    "avif": ["AVIF"],
}


@dataclass(frozen=True)
class Picture:
    """A rendition with its bytes."""

    rendition: Rendition
    data: bytes


def prepare() -> None:
    """Set the libraries up; for a process that does nothing else."""
    pi_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
    )
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = PIXELS
    Image.init()
    PngImagePlugin.MAX_TEXT_CHUNK = TEXT_BYTES
    PngImagePlugin.MAX_TEXT_MEMORY = 4 * TEXT_BYTES
    warnings.simplefilter("ignore")  # among them one about pictures that are above half the limit


def examine(kind: Kind, data: bytes) -> list[Picture]:
    """The large and the small rendition. Raises Refused; other errors mean that it is unreadable."""
    if kind in {"heif", "avif"} and is_cut(kind, data):
        raise Refused("file_incomplete")
    try:
        large = _decode(kind, data)
    except Image.DecompressionBombError:
        raise Refused("file_too_many_pixels") from None
    except MemoryError:
        raise Refused("file_too_many_pixels") from None
    except Refused:
        raise
    except Exception:
        if is_cut(kind, data):
            raise Refused("file_incomplete") from None
        raise
    small = large.copy()
    small.thumbnail((SMALL, SMALL))
    drawn = kind in {"png", "gif", "webp"}
    return [encode("large", large, drawn), encode("small", small, drawn)]


def encode(name: str, picture: Image.Image, drawn: bool) -> Picture:
    """A picture as JPEG; as PNG where it was `drawn` in few colors, if that is smaller."""
    target = BytesIO()
    # In a small picture each pixel is seen: without subsampling, colors stay within their edges.
    subsampling = "4:4:4" if max(picture.size) <= SMALL else "4:2:0"
    picture.save(target, "JPEG", quality=QUALITY, subsampling=subsampling)
    data, media_type = target.getvalue(), "image/jpeg"
    if drawn and picture.getcolors(FEW_COLORS) is not None:
        target = BytesIO()
        picture.save(target, "PNG")
        if target.tell() < len(data):
            data, media_type = target.getvalue(), "image/png"
    width, height = picture.size
    return Picture(Rendition(name, media_type, len(data), width, height), data)


def _decode(kind: Kind, data: bytes) -> Image.Image:
    """The primary picture with at most LARGE pixels on its longer side."""
    readable = heif_boxes.without_exif(data) if kind == "avif" else data
    with Image.open(BytesIO(readable), formats=_FORMATS[kind]) as opened:
        _check_pixels(opened)
        colors = _colors(kind, data, opened)
        profile = opened.info.get("icc_profile") or None
        if is_hdr(colors, profile if not (kind == "png" and colors) else None):
            raise Refused("file_hdr")
        if profile is None or (kind == "png" and colors):
            profile = profile_of(colors) if colors else None
        gap: float | None = 2.0
        if kind == "jpeg":
            # Never after turning: only a file that was not decoded yet can be decoded smaller.
            opened.draft(None, (LARGE, LARGE))
            gap = None
            # At once: libjpeg cannot wait for more in the middle of arithmetic coding.
            opened.decodermaxblock = len(data)
        opened.load()
        if kind == "png" and (transparent := transparency_of(data)) is not None:
            opened.info["transparency"] = transparent
        picture = without_palette(to_eight_bits(opened, _white(kind, data, opened)))
        if kind == "avif" and (box := heif_boxes.clean_aperture(data, opened.size)):
            picture = picture.crop(box)
        picture.thumbnail((LARGE, LARGE), reducing_gap=gap)
        if (method := turn(kind, opened)) is not None:
            picture = picture.transpose(method)
    picture = to_srgb(on_white(picture), profile)
    # A comment in `info` would be written; what is pasted brings pixels alone.
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    return clean


def _check_pixels(opened: Image.Image) -> None:
    width, height = opened.size
    baseline = opened.format in {"JPEG", "MPO"} and not opened.info.get("progressive")
    if width * height > (BASELINE_PIXELS if baseline else PIXELS):
        raise Refused("file_too_many_pixels")


def _colors(kind: Kind, data: bytes, opened: Image.Image) -> Colors | None:
    """Colors by number, where the file has them."""
    match kind:
        case "png":
            return colors_of(data)
        case "heif" | "avif":
            if found := heif_boxes.colors_of(data):
                return found
            if numbers := opened.info.get("nclx_profile"):
                return Colors(numbers["color_primaries"], numbers["transfer_characteristics"])
    return None


def _white(kind: Kind, data: bytes, opened: Image.Image) -> int | None:
    """The value of white in a gray picture of 16 bits, if the file says it."""
    if kind == "heif" and (depth := opened.info.get("bit_depth")):
        return int((1 << depth) - 1 << 16 - depth)
    if kind == "png" and opened.mode.startswith("I"):
        _, most = extremes(opened)
        return white_of(data, most)
    return None
