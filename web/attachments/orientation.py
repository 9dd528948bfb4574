"""How a picture is turned to be upright."""

from PIL import ExifTags, Image

from web.attachments.content_sniffing import Kind

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"EXIF orientation (CIPA DC-008, 4.6.5.1) -> what makes it upright."


def turn(kind: Kind, opened: Image.Image) -> Image.Transpose | None:
    """What makes the pixels of a loaded picture upright, by EXIF or XMP; None if they are.

    Pillow's `exif_transpose` also writes the EXIF anew, which fails if a tag has another type than
    its standard says, as cameras and editors do write them.
    """
    if kind == "heif":
        return None  # libheif has turned it
    if kind == "avif":
        # `irot` and `imir` alone count (ISO/IEC 23008-12, 6.5.10); Pillow reports them as EXIF
        opened.info.pop("xmp", None)
    try:
        return _TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return None  # EXIF that cannot be read turns nothing, as in browsers
