"""Pixels of any kind become 8-bit sRGB or gray, on white."""

from io import BytesIO

from PIL import Image, ImageCms

_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N", "I", "F"}
_STRIP = 512
"Rows that are scaled at once, since each takes twelve times its place in the result."

_srgb = ImageCms.createProfile("sRGB")


def extremes(picture: Image.Image) -> tuple[float, float]:
    """The darkest and the lightest value of a picture with one channel."""
    least, most = picture.getextrema()
    assert not isinstance(least, tuple) and not isinstance(most, tuple)
    return least, most


def to_eight_bits(picture: Image.Image, white: int | None) -> Image.Image:
    """A gray picture of 16 bits as one of 8; others as they are.

    `white` is the value that means white, where the file says it. Otherwise the picture's own range
    becomes black to white: many have 12 bits in 16, which would be nearly black.
    """
    if picture.mode not in _SIXTEEN_BITS:
        return picture
    least, most = extremes(picture)
    if white is not None:
        least, most = 0, white
    elif least == most:
        least, most = 0, 65535
    factor = 255 / (most - least)
    offset = 0.5 - least * factor
    width, height = picture.size
    scaled = Image.new("L", picture.size)
    for top in range(0, height, _STRIP):
        strip = picture.crop((0, top, width, min(top + _STRIP, height)))
        if strip.mode != "F":
            strip = strip.convert("I")
        scaled.paste(strip.point(lambda value: value * factor + offset).convert("L"), (0, top))
    scaled.info.update(picture.info)
    return scaled


def without_palette(picture: Image.Image) -> Image.Image:
    """A picture of colors that can be mixed, which those of a palette cannot."""
    if picture.mode in {"P", "PA"} or (picture.mode == "RGB" and picture.has_transparency_data):
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode == "L" and picture.has_transparency_data:
        return picture.convert("LA")
    if picture.mode not in {"L", "LA", "La", "RGB", "RGBA", "RGBa", "CMYK"}:
        return picture.convert("RGB")
    return picture


def on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparency: L, RGB or CMYK."""
    if picture.mode in {"La", "RGBa"}:
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
    if picture.mode not in {"LA", "RGBA"}:
        return picture
    flat = Image.new(picture.mode[:-1], picture.size, "white")
    flat.paste(picture.convert(flat.mode), mask=picture.getchannel("A"))
    flat.info.update(picture.info)
    return flat


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """An L, RGB or CMYK picture in sRGB (or L), by its profile where that can be used."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if picture.mode == "L" and source.profile.xcolor_space.strip() != "GRAY":
                picture = picture.convert("RGB")
            converted = ImageCms.profileToProfile(picture, source, _srgb, outputMode="RGB")
            assert converted is not None
            return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile, or one for other pixels: browsers show them as sRGB too
    return picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")
