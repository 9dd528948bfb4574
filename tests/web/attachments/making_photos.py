"""Photos as devices and programs write them, each with one surprise."""

import struct
import subprocess
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, ImageCms

from web.attachments.heif_boxes import boxes

RED = (200, 60, 40)
IN_P3 = (217, 42, 23)
"What RED in Display P3 is in sRGB; Chromium shows (219, 41, 22)."
CORNERS = {
    (0, 0): (220, 30, 30),
    (1, 0): (30, 160, 30),
    (0, 1): (30, 30, 220),
    (1, 1): (240, 200, 20),
}
"Quarter of an upright picture, x and y -> color."
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"EXIF orientation -> how a camera held like that stores an upright picture."

pillow_heif.register_heif_opener()


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def plain(color: Any = RED, mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    return Image.new(mode, size, color)


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """An upright picture of four colors."""
    picture = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for (x, y), color in CORNERS.items():
        picture.paste(color, (x * width, y * height, (x + 1) * width, (y + 1) * height))
    return picture


def half_blue() -> Image.Image:
    """RED on the left, blue on the right."""
    picture = plain()
    picture.paste("blue", (48, 0, 96, 64))
    return picture


def detailed(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture whose compressed data has a length that can be cut."""
    noise = Image.effect_noise(size, 60)
    return Image.merge("RGB", (noise, noise.rotate(90, expand=False), noise.rotate(180)))


def turned(orientation: int, kind: str = "JPEG", **options: Any) -> bytes:
    """An upright picture as a camera held sideways stores it, with everything private in EXIF."""
    return saved(
        corners().transpose(TURNS[orientation]), kind, exif=private(orientation), **options
    )


def private(orientation: int = 1) -> Image.Exif:
    """EXIF with a maker, a place, and an orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "Camera of Jane Roe"
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 12.0, 1.0), 3: "E", 4: (6.0, 9.0, 1.0)})
    return exif


def orientation_in_xmp(orientation: int) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        f' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def p3_profile() -> bytes:
    """Display P3 (ICC v4), with the numbers that Apple's and Google's files have."""
    columns = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
    curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags = {b"wtpt": _numbers(b"XYZ ", (0.9642, 1.0, 0.8249))}
    for name, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[name + b"XYZ"] = _numbers(b"XYZ ", column)
        tags[name + b"TRC"] = b"para" + bytes(4) + b"\0\3\0\0" + _numbers(b"", curve)[4:]
    return profile_with(tags)


def profile_with(tags: Mapping[bytes, bytes], space: bytes = b"RGB ") -> bytes:
    """An ICC profile with some tags."""
    place = 132 + 12 * len(tags)
    table, content = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, place + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    white = _numbers(b"", (0.9642, 1.0, 0.8249))[4:]
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x", place + len(content), 0x04000000, b"mntr", space, b"XYZ ", b"acsp"
    )
    return head + white + bytes(48) + table + content


def _numbers(kind: bytes, values: tuple[float, ...]) -> bytes:
    return kind + bytes(4) + struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))


def gray_profile() -> bytes:
    """A gray profile with gamma 2.2, as scanners write it."""
    curve = b"curv" + bytes(4) + struct.pack(">IH2x", 1, round(2.2 * 256))
    return profile_with(
        {b"wtpt": _numbers(b"XYZ ", (0.9642, 1.0, 0.8249)), b"kTRC": curve}, b"GRAY"
    )


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk, after IHDR."""
    chunk = struct.pack(">I", len(content)) + name + content
    chunk += struct.pack(">I", zlib.crc32(name + content))
    return png[:33] + chunk + png[33:]


def with_numbers(avif: bytes, primaries: int, transfer: int) -> bytes:
    """An AVIF whose colors are others by number."""
    place = avif.index(b"nclx") + 4
    return avif[:place] + struct.pack(">HH", primaries, transfer) + avif[place + 4 :]


def with_size(avif: bytes, width: int, height: int) -> bytes:
    """An AVIF that says that it is larger."""
    place = avif.index(b"ispe") + 8
    return avif[:place] + struct.pack(">II", width, height) + avif[place + 8 :]


def with_property(avif: bytes, name: bytes, content: bytes) -> bytes:
    """An AVIF of one item whose picture has one more property."""
    added = struct.pack(">I4s", 8 + len(content), name) + content
    grown = bytearray(avif)
    associations = avif.index(b"ipma") + 4 + 4 + 4 + 2
    count = avif[associations]
    number = len(list(boxes(avif, avif.index(b"ipco") + 4, avif.index(b"ipma") - 4))) + 1
    grown[associations] += 1
    grown[associations + 1 + count : associations + 1 + count] = bytes([0x80 | number])
    grown[avif.index(b"ipma") - 4 : avif.index(b"ipma") - 4] = added
    extent = avif.index(b"iloc") + 4 + 4 + 2 + 2 + 2 + 2 + 2
    for kind in (b"meta", b"iprp", b"ipco", b"ipma"):
        _grow(
            grown,
            grown.index(kind) - 4,
            {b"ipma": 1, b"ipco": len(added)}.get(kind, len(added) + 1),
        )
    _grow(grown, extent, len(added) + 1)
    return bytes(grown)


def _grow(data: bytearray, place: int, by: int) -> None:
    """Raise a number of four bytes."""
    number = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = struct.pack(">I", number + by)


def aperture(width: int, height: int, right: int, down: int) -> bytes:
    """The content of a `clap` box; `right` and `down` are in halves of a pixel."""
    return struct.pack(">6i2i", width, 1, height, 1, right, 2, down, 2)


def heic(picture: Image.Image, primaries: int = 1, transfer: int = 13, **options: Any) -> bytes:
    return saved(
        picture, "HEIF", quality=95, chroma=444, color_primaries=primaries,
        transfer_characteristics=transfer, matrix_coefficients=9 if primaries == 9 else 1,
        full_range_flag=1, **options,
    )  # fmt: skip


def sixteen_bits(*values: int, width: int = 32, height: int = 32) -> bytes:
    """A gray PNG of 16 bits with one column of pixels for each value."""
    row = b"".join(struct.pack("<H", value) * width for value in values)
    picture = Image.frombytes("I;16", (width * len(values), height), row * height)
    return saved(picture, "PNG")


def gray_png(depth: int, transparent: int, *values: int) -> bytes:
    """A gray PNG with columns of 32 pixels, of which one value is transparent."""
    row = "".join(f"{value:0{depth}b}" * 32 for value in values)
    line = b"\0" + int(row, 2).to_bytes(len(row) // 8, "big")
    head = struct.pack(">IIBBBBB", 32 * len(values), 32, depth, 0, 0, 0, 0)
    return png(head, line * 32, (b"tRNS", struct.pack(">H", transparent)))


def rgb_png_of_sixteen_bits(transparent: int, *values: int) -> bytes:
    """The same in colors with three equal parts."""
    line = b"\0" + b"".join(struct.pack(">3H", *[value] * 3) * 32 for value in values)
    head = struct.pack(">IIBBBBB", 32 * len(values), 32, 16, 2, 0, 0, 0)
    return png(head, line * 32, (b"tRNS", struct.pack(">3H", *[transparent] * 3)))


def png(head: bytes, lines: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """A PNG by its chunks."""
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in (
        (b"IHDR", head), *more, (b"IDAT", zlib.compress(lines)), (b"IEND", b""),
    ):  # fmt: skip
        data += struct.pack(">I", len(content)) + name + content
        data += struct.pack(">I", zlib.crc32(name + content))
    return data


def with_exif_of_wrong_types(orientation: int) -> bytes:
    """A turned JPEG whose EXIF has texts and bytes where numbers belong, and the other way round."""
    tags = (
        (0x0100, 2, 3, b"96\0\0"), (0x010D, 5, 1, bytes(4)), (0x010E, 3, 1, b"\1\0\0\0"),
        (ORIENTATION, 3, 1, struct.pack("<I", orientation)), (0x011A, 7, 1, b"H\0\0\0"),
    )  # fmt: skip
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags))
    exif += b"".join(struct.pack("<HHI", *tag[:3]) + tag[3] for tag in tags) + bytes(4)
    return saved(corners().transpose(TURNS[orientation]), "JPEG", quality=95, exif=exif)


def with_broken_exif(kind: str) -> bytes:
    """An upright picture whose EXIF is none."""
    data = saved(corners(), kind, exif=private(), **({} if kind == "PNG" else {"quality": 95}))
    place = max(data.find(b"MM\0*"), data.find(b"II*\0"))
    broken = data[:place] + b"none" + data[place + 4 :]
    if kind == "PNG":
        chunk = broken.index(b"eXIf")
        end = chunk + 4 + int.from_bytes(data[chunk - 4 : chunk], "big")
        broken = broken[:end] + struct.pack(">I", zlib.crc32(broken[chunk:end])) + broken[end + 4 :]
    return broken


def turned_with_a_maker_in_numbers() -> bytes:
    """An AVIF that is turned by `irot`, whose EXIF has a number where a text belongs."""
    data = turned(6, "AVIF", quality=95)
    place = data.index(b"\x01\x0f\0\2")
    return data[: place + 2] + struct.pack(">HI", 5, 1) + data[place + 8 :]


def motion_photo() -> bytes:
    """A JPEG with a film behind it, as Android phones write it."""
    film = (
        struct.pack(">I4s4s4x", 20, b"ftyp", b"mp42")
        + b"\0\0\0\x08"
        + b"film"
        + b"\0\0\0\x10mdatSECRET!!"
    )
    return saved(plain(), "JPEG", quality=95, exif=private()) + film


def stereo() -> bytes:
    """A JPEG with a second picture (CIPA DC-007), as stereo cameras write it."""
    return saved(plain(), "MPO", quality=95, save_all=True, append_images=[plain("blue")])


def gain_map(attribute: bytes) -> bytes:
    """A JPEG with a gain map for HDR screens; `attribute` stands in its XMP."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description " + attribute + b"/></x:xmpmeta>"
    return saved(
        plain(), "MPO", quality=95, save_all=True, xmp=xmp, append_images=[plain(128, "L")]
    )


def animated(kind: str) -> bytes:
    """Two pictures, of which the first counts."""
    return saved(plain(), kind, save_all=True, append_images=[plain("blue")], duration=100)


def transparent_gif() -> bytes:
    """Black that is transparent, which is white."""
    picture = Image.new("P", (96, 64), 1)
    picture.putpalette([*RED, 0, 0, 0])
    picture.paste(0, (0, 0, 48, 64))
    return saved(picture, "GIF", transparency=1)


def half_transparent(kind: str, **options: Any) -> bytes:
    """RED on the left; on the right nothing, with a color hidden in it."""
    picture = Image.new("RGBA", (96, 64), (200, 10, 10, 0))
    picture.paste((*RED, 255), (0, 0, 48, 64))
    return saved(picture, kind, **options)


def palette_with_profile() -> bytes:
    return saved(plain().quantize(2), "PNG", icc_profile=p3_profile())


def header_only_png(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has hardly any data."""
    return png(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), bytes(100))


def arithmetic() -> bytes:
    """A JPEG that is coded arithmetically, with so much detail that it has more than 64 kB."""
    picture = detailed((1200, 900))
    picture.paste(RED, (0, 0, 600, 450))
    return subprocess.run(
        ["cjpeg", "-arithmetic", "-quality", "95"],
        input=saved(picture, "PPM"), capture_output=True, check=True,
    ).stdout  # fmt: skip


def compressed_text(length: int) -> bytes:
    """The content of a zTXt chunk."""
    return b"history\0\0" + zlib.compress(bytes(length))


def profile_for_pq() -> bytes:
    """An ICC profile that names its colors by number (ICC.1:2022, 9.2.17), as macOS exports them."""
    return profile_with({b"cicp": b"cicp" + bytes(4) + bytes([9, 16, 0, 1])})
