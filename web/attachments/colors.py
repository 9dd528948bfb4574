"""Pixels of any kind become 8-bit sRGB or gray, on white."""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageChops, ImageCms

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
    """A gray picture of 16 bits as one of 8, with its transparency; others as they are.

    `white` is the value that means white, where the file says it. Otherwise the picture's own range
    becomes black to white: many have 12 bits in 16, which would be nearly black.
    """
    if picture.mode not in _SIXTEEN_BITS:
        return picture
    transparent = picture.info.get("transparency")
    least, most = (0, white) if white is not None else _seen_range(picture, transparent)
    factor = 255 / (most - least)
    offset = 0.5 - least * factor
    scaled = Image.new("L" if transparent is None else "LA", picture.size)
    for top, strip in _strips(picture):
        gray = strip.point(lambda value: value * factor + offset).convert("L")
        if transparent is not None:
            gray.putalpha(_opacity(strip, transparent))
        scaled.paste(gray, (0, top))
    scaled.info.update(picture.info)
    scaled.info.pop("transparency", None)  # a value of 16 bits, and in the alpha channel now
    return scaled


def _strips(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A gray picture in strips that can be calculated with, each with the place of its top."""
    width, height = picture.size
    for top in range(0, height, _STRIP):
        strip = picture.crop((0, top, width, min(top + _STRIP, height)))
        yield top, strip if strip.mode == "F" else strip.convert("I")


def _seen_range(picture: Image.Image, transparent: int | None) -> tuple[float, float]:
    """The darkest and the lightest value of what is not transparent; the whole range if they are one."""
    least, most = extremes(picture)
    if transparent in (least, most):
        darkest, lightest = most, least
        for _, strip in _strips(picture):
            hidden = ImageChops.invert(_opacity(strip, transparent))
            strip.paste(int(most), mask=hidden)
            darkest = min(darkest, extremes(strip)[0])
            strip.paste(int(least), mask=hidden)
            lightest = max(lightest, extremes(strip)[1])
        least, most = darkest, lightest
    return (least, most) if least < most else (0, 65535)


def _opacity(strip: Image.Image, transparent: float) -> Image.Image:
    """255 where a value is another than the transparent one, else 0."""
    above = strip.point(lambda value: value * 255 - transparent * 255).convert("L")
    below = strip.point(lambda value: value * -255 + transparent * 255).convert("L")
    return ImageChops.lighter(above, below)


def without_palette(picture: Image.Image) -> Image.Image:
    """A picture of colors that can be mixed, which those of a palette cannot."""
    if picture.mode in {"P", "PA"} or (picture.mode == "RGB" and picture.has_transparency_data):
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode == "1":
        picture = picture.convert("L")
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
