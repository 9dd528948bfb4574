"""Valid files of phones, scanners and hospital systems: where each comes from, and what is in it.

Colors of fetched photos are those that Chromium 156 shows (of HEIC, after pillow-heif decoded it).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image

from tests.web.attachments import making_pdfs as pdfs
from tests.web.attachments import making_photos as photos
from tests.web.attachments.fetching import sample
from tests.web.attachments.making_photos import CORNERS, IN_P3, RED, plain, saved

Color = tuple[int, int, int]
GRAY = (100, 100, 100)
WHITE = (255, 255, 255)
CENTER = (0.5, 0.5)
LEFT_TOP = (0.25, 0.25)
RIGHT_TOP = (0.75, 0.25)
RIGHT_LOW = (0.75, 0.7)


@dataclass(frozen=True)
class Sample:
    """A valid file and the right outcome."""

    data: Callable[[], bytes]
    size: tuple[int, int]
    "Of the large rendition, or of the preview of a PDF."
    spots: dict[tuple[float, float], Color]
    "Place in parts of width and height -> color."
    pages: int = 0
    notes: tuple[str, ...] = ()


def fetched(path: str, width: int, height: int, spot: tuple[float, float], color: Color) -> Sample:
    package, _, name = path.partition(":")
    return Sample(partial(sample, package, name), (width, height), {spot: color})


def made(make: Callable[[], bytes], color: Color = RED, size: tuple[int, int] = (96, 64)) -> Sample:
    """A photo whose left half has a color."""
    return Sample(make, size, {LEFT_TOP: color})


def x_ray(make: Callable[[], bytes], second: int, size: tuple[int, int] = (128, 32)) -> Sample:
    """A picture with four columns of gray, of which the second is checked."""
    return Sample(make, size, {(0.375, 0.5): (second, second, second)})


def upright(make: Callable[[], bytes]) -> Sample:
    """A photo of four colors, in their places once it is upright."""
    return Sample(
        make, (96, 64), {(0.25 + x / 2, 0.25 + y / 2): color for (x, y), color in CORNERS.items()}
    )


def paper(
    make: Callable[[], bytes],
    size: tuple[int, int] = (400, 600),
    pages: int = 1,
    notes: tuple[str, ...] = (),
    spots: dict[tuple[float, float], Color] | None = None,
) -> Sample:
    """A PDF whose first page is RED on the left, unless it says otherwise."""
    return Sample(make, size, spots or {LEFT_TOP: RED, RIGHT_TOP: WHITE}, pages, notes)


def fetched_paper(path: str, width: int, height: int, pages: int, *notes: str) -> Sample:
    package, _, name = path.partition(":")
    return Sample(partial(sample, package, name), (width, height), {}, pages, notes)


def dicom_frame(name: str) -> bytes:
    """The first picture that a DICOM file contains (PS3.5, A.4), as hospital systems export it."""
    data = sample("pydicom", name)
    place = data.index(b"\xe0\x7f\x10\x00") + 12
    place += 8 + int.from_bytes(data[place + 4 : place + 8], "little")  # table of offsets
    length = int.from_bytes(data[place + 4 : place + 8], "little")
    return data[place + 8 : place + 8 + length]


PHONES = {
    "iPhone 8, turned by irot and EXIF": fetched(
        "pi_heif:heif_other/arrow.heic", 1920, 2560, CENTER, (165, 164, 159)
    ),
    "iPhone XS": fetched("pi_heif:heif_other/pug.heic", 2560, 1920, LEFT_TOP, (201, 196, 186)),
    "Vision Pro, two pictures": fetched(
        "pi_heif:heif_other/spatial_photo.heic", 2560, 2560, LEFT_TOP, (177, 172, 163)
    ),
    "Galaxy S25, with auxiliary pictures": fetched(
        "pi_heif:heif_special/aux_YCbCr.heic", 2560, 1183, CENTER, (140, 123, 78)
    ),
    "Xiaomi": fetched("pi_heif:heif_special/xiaomi.heic", 2560, 1920, RIGHT_LOW, (220, 230, 229)),
    "Sony of 10 bits": fetched(
        "pi_heif:heif_other/cat.hif", 2560, 1710, LEFT_TOP, (150, 111, 93)
    ),
    "Nokia burst": fetched(
        "pi_heif:heif_other/nokia/bird_burst.heic", 1280, 720, CENTER, (98, 126, 60)
    ),
    "Nokia, primary picture is not the first": fetched(
        "pi_heif:heif_other/nokia/alpha.heic", 1440, 960, CENTER, (144, 172, 207)
    ),
    "HEIC with an empty profile": fetched(
        "pi_heif:heif_other/empty_icc.heic", 1025, 900, CENTER, (58, 70, 79)
    ),
    "HEIC with wrong ids": fetched(
        "pi_heif:heif_other/invalid_id.heic", 564, 870, LEFT_TOP, (154, 138, 105)
    ),
    "gray HEIC of 10 bits": fetched(
        "pi_heif:heif/L_10__29x100.heif", 29, 100, RIGHT_LOW, (178, 178, 178)
    ),
    "gray HEIC of 12 bits": fetched(
        "pi_heif:heif/L_12__29x100.heif", 29, 100, RIGHT_LOW, (178, 178, 178)
    ),
    "gray HEIC with transparency": fetched(
        "pi_heif:heif/LA_8__29x100.heif", 29, 100, RIGHT_LOW, (198, 198, 198)
    ),
    "Fujifilm stereo": fetched("pillow:fujifilm.mpo", 2560, 1920, LEFT_TOP, (107, 129, 89)),
    "Nintendo stereo": fetched("pillow:frozenpond.mpo", 640, 480, CENTER, (173, 177, 174)),
    "JPEG turned by EXIF": fetched("pillow:hopper_orientation_6.jpg", 128, 128, CENTER, (215, 128, 104)),
    "WebP turned by EXIF": fetched("pillow:hopper_orientation_6.webp", 128, 128, CENTER, (214, 130, 98)),
    "AVIF turned": fetched("pillow:avif/rot1mir0.avif", 640, 427, LEFT_TOP, (68, 79, 49)),
    "AVIF mirrored": fetched("pillow:avif/rot2mir1.avif", 640, 427, LEFT_TOP, (67, 78, 49)),
    "AVIF turned and mirrored": fetched("pillow:avif/rot3mir1.avif", 640, 427, CENTER, (156, 159, 73)),
    "AVIF with a profile": fetched("pillow:avif/icc_profile.avif", 57, 57, RIGHT_LOW, (183, 171, 161)),
    "AVIF with transparency": fetched("pillow:avif/transparency.avif", 64, 64, LEFT_TOP, (209, 255, 1)),
    "PNG with one transparent color": fetched(
        "pillow:p_trns_single.png", 64, 64, RIGHT_LOW, (189, 170, 255)
    ),
    "PNG with a profile": fetched("pillow:icc_profile.png", 57, 57, LEFT_TOP, (240, 231, 221)),
    "JPEG with XMP": fetched("pillow:xmp_test.jpg", 2000, 1072, CENTER, (155, 165, 158)),
    "GIF": fetched("pi_heif:non_heif/chi.gif", 320, 240, LEFT_TOP, (223, 235, 179)),
    "PNG of 16 bits and transparency": fetched(
        "pi_heif:non_heif/LA_16__29x100.png", 29, 100, LEFT_TOP, (182, 182, 182)
    ),
}  # fmt: skip

HOSPITALS = {
    "JPEG without loss out of DICOM": Sample(
        partial(dicom_frame, "SC_rgb_jpeg_gdcm.dcm"), (100, 100), {(0.5, 0.05): (255, 0, 0)}
    ),
    "X-ray of 12 bits in 16": x_ray(partial(photos.sixteen_bits, 0, 1000, 3000, 4095), 62),
    "X-ray that says that it has 12 bits": x_ray(
        lambda: photos.with_chunk(photos.sixteen_bits(0, 1000, 2000, 3000), b"sBIT", b"\x0c"), 62
    ),
    "X-ray of 12 bits, shifted up": x_ray(
        lambda: photos.with_chunk(photos.sixteen_bits(0, 16000, 32000, 48000), b"sBIT", b"\x0c"), 62
    ),
    "X-ray of 16 bits": x_ray(partial(photos.sixteen_bits, 0, 0x4040, 0xFFFF, 0xFFFF), 64),
    "nothing but one gray": made(partial(photos.sixteen_bits, 0x6464), GRAY, (32, 32)),
    "X-ray with a transparent value that is not there": x_ray(
        partial(photos.gray_png, 16, 0, 1000, 1300, 1600, 2200), 64
    ),
    "X-ray on what is transparent": x_ray(
        partial(photos.gray_png, 16, 65535, 0, 1000, 4095, 65535), 62
    ),
    "X-ray on black that is transparent": x_ray(
        partial(photos.gray_png, 16, 0, 0, 1000, 2000, 4000), 0
    ),
    "nothing but what is transparent": x_ray(partial(photos.gray_png, 16, 7, 7, 7, 7, 7), 255),
    "CMYK by its own profile": fetched("pillow:pil_sample_cmyk.jpg", 100, 100, CENTER, (108, 12, 17)),
    "CMYK without a profile": made(
        lambda: saved(plain((20, 200, 200, 10), "CMYK"), "JPEG", quality=95), (226, 53, 53)
    ),
    "JPEG of 200 megapixels, turned": Sample(
        lambda: saved(
            Image.new("L", (16320, 12240), 100), "JPEG", quality=50, exif=photos.private(6)
        ),
        (1920, 2560),
        {CENTER: GRAY},
    ),
    "JPEG coded arithmetically": made(photos.arithmetic, RED, (1200, 900)),
}  # fmt: skip

COLORS = {
    **{
        f"{kind} with a profile for P3": made(
            partial(
                saved,
                plain(),
                kind,
                icc_profile=photos.p3_profile(),
                **({"quality": 95} if kind != "PNG" else {}),
            ),
            IN_P3,
        )
        for kind in ("JPEG", "PNG", "WEBP", "AVIF")
    },
    "HEIC with a profile for P3": made(
        lambda: photos.heic(plain(), icc_profile=photos.p3_profile()), IN_P3
    ),
    "HEIC in P3 by number": made(lambda: photos.heic(plain(), 12, 13), IN_P3),
    "AVIF in P3 by number": made(
        lambda: photos.with_numbers(saved(plain(), "AVIF", quality=95), 12, 13), IN_P3
    ),
    "PNG in P3 by number": made(
        lambda: photos.with_chunk(saved(plain(), "PNG"), b"cICP", bytes([12, 13, 0, 1])), IN_P3
    ),
    "PNG with a profile, and numbers that say nothing": made(
        lambda: photos.with_chunk(
            saved(plain(), "PNG", icc_profile=photos.p3_profile()), b"cICP", bytes([2, 2, 0, 1])
        ),
        IN_P3,
    ),
    "PNG in sRGB by number, with another profile": made(
        lambda: photos.with_chunk(
            saved(plain(), "PNG", icc_profile=photos.p3_profile()), b"cICP", bytes([1, 13, 0, 1])
        )
    ),
    "PNG with a gamma of 1": made(
        lambda: photos.with_chunk(saved(plain(), "PNG"), b"gAMA", bytes([0, 1, 0x86, 0xA0]))
    ),
    "JPEG with a profile for sRGB, as Chromium writes it": made(
        lambda: saved(plain(), "JPEG", quality=95, icc_profile=photos.srgb_profile())
    ),
    "gray JPEG with a profile for RGB": made(
        lambda: saved(plain(100, "L"), "JPEG", icc_profile=photos.p3_profile()), GRAY
    ),
    "gray JPEG with a gray profile": made(
        lambda: saved(plain(100, "L"), "JPEG", icc_profile=photos.gray_profile()), GRAY
    ),
    "palette with a profile": made(photos.palette_with_profile, IN_P3),
    "JPEG with a broken profile": made(
        lambda: saved(plain(), "JPEG", quality=95, icc_profile=photos.p3_profile()[:200])
    ),
}

CONTENT = {
    "stereo JPEG": made(photos.stereo),
    "gain map by an element": made(partial(photos.gain_map, b"hdrgm='x'")),
    "gain map by an attribute": made(partial(photos.gain_map, b'hdrgm:Version="1.0"')),
    "motion photo": made(photos.motion_photo),
    "JPEG with a comment": made(lambda: saved(plain(), "JPEG", quality=95, comment="Jane Roe")),
    "GIF with a comment": made(lambda: saved(plain(), "GIF", comment="Jane Roe")),
    "PNG with much text": made(
        lambda: photos.with_chunk(saved(plain(), "PNG"), b"zTXt", photos.compressed_text(2_500_000))
    ),
    "PNG with the text of a large document": made(
        lambda: photos.with_chunk(saved(plain(), "PNG"), b"zTXt", photos.compressed_text(12_000_000))
    ),
    **{
        f"gray PNG of {depth} bits with one transparent value": x_ray(
            partial(photos.gray_png, depth, 1, 0, 1, 2 % 2**depth, 0), 255
        )
        for depth in (1, 2, 4, 8)
    },
    "black and white PNG whose black is transparent": x_ray(
        partial(photos.gray_png, 1, 0, 1, 0, 1, 0), 255
    ),
    "RGB PNG of 16 bits with one transparent color": x_ray(
        partial(photos.rgb_png_of_sixteen_bits, 0x4000, 0, 0x4000, 0xFFFF, 0), 255
    ),
    "RGB PNG of 16 bits whose black is not transparent": x_ray(
        partial(photos.rgb_png_of_sixteen_bits, 0x4000, 0x4000, 0, 0xFFFF, 0), 0
    ),
    "AVIF of which a part is to be seen": made(
        lambda: photos.with_property(
            saved(photos.half_blue(), "AVIF", quality=95), b"clap", photos.aperture(40, 64, -56, 0)
        ),
        RED,
        (40, 64),
    ),
    "transparent GIF": Sample(
        photos.transparent_gif, (96, 64), {LEFT_TOP: RED, RIGHT_TOP: WHITE}
    ),
    **{
        f"{kind} with hidden color": Sample(
            partial(photos.half_transparent, kind),
            (96, 64),
            {LEFT_TOP: RED, RIGHT_TOP: WHITE},
        )
        for kind in ("PNG", "WEBP", "AVIF", "HEIF")
    },
    **{
        f"{kind} of two pictures": made(partial(photos.animated, kind))
        for kind in ("GIF", "PNG", "WEBP", "AVIF")
    },
    "HEIC with a trailer": made(
        lambda: photos.heic(plain()) + b"\0\0\1\0sefd" + b"SECRET"
    ),
}  # fmt: skip

UPRIGHT = {
    **{
        f"JPEG held as {orientation}": upright(partial(photos.turned, orientation))
        for orientation in photos.TURNS
    },
    "WebP held as 6": upright(partial(photos.turned, 6, "WEBP", quality=95)),
    "PNG held as 6": upright(partial(photos.turned, 6, "PNG")),
    "AVIF held as 6": upright(partial(photos.turned, 6, "AVIF", quality=95)),
    "HEIC whose EXIF does not count": upright(
        lambda: photos.heic(photos.corners(), exif=photos.private(6))
    ),
    "AVIF whose XMP does not count": upright(
        lambda: saved(photos.corners(), "AVIF", quality=95, xmp=photos.orientation_in_xmp(6))
    ),
    "AVIF that is mirrored alone": upright(
        lambda: photos.with_property(
            saved(photos.corners().transpose(photos.TURNS[2]), "AVIF", quality=95), b"imir", b"\1"
        )
    ),
    **{
        f"{kind} with EXIF that is none": upright(partial(photos.with_broken_exif, kind))
        for kind in ("JPEG", "PNG", "WEBP", "AVIF")
    },
    "AVIF turned, with EXIF of wrong types": upright(photos.turned_with_a_maker_in_numbers),
    "JPEG with EXIF of wrong types": upright(partial(photos.with_exif_of_wrong_types, 6)),
    "JPEG turned by XMP": upright(
        lambda: saved(
            photos.corners().transpose(photos.TURNS[6]), "JPEG", xmp=photos.orientation_in_xmp(6)
        )
    ),
}

PAPERS = {
    "printed": paper(lambda: pdfs.saved(pdfs.plain(12)), pages=12),
    "scanned": paper(partial(pdfs.scan, 3), pages=3),
    "5,000 pages": paper(lambda: pdfs.saved(pdfs.plain(5000)), pages=5000),
    **{
        f"owner's password, revision {revision}": paper(
            partial(pdfs.encrypted, "", revision), pages=2
        )
        for revision in pdfs.REVISIONS
    },
    "owner's password, revision 5": fetched_paper(
        "pypdf:encryption/r5-owner-password.pdf", 453, 640, 1
    ),
    "filled form": paper(pdfs.filled_form, spots={LEFT_TOP: RED, RIGHT_TOP: RED}),
    "scripts and a signature": paper(pdfs.with_scripts_and_signature),
    "attachment": paper(pdfs.with_attachment, notes=("contains_files",)),
    "attachment on a page": fetched_paper("pypdf:attachment.pdf", 495, 640, 1, "contains_files"),
    "portfolio": paper(pdfs.portfolio, notes=("contains_files",)),
    "portfolio behind a letter": paper(
        lambda: b"x" * 900 + pdfs.portfolio(), notes=("contains_files",)
    ),
    "dynamic form": paper(pdfs.dynamic_form, notes=("needs_acrobat",)),
    "five updates": paper(partial(pdfs.updated, 5)),
    "600 dpi in color": paper(pdfs.photo, (453, 640), spots={LEFT_TOP: RED, RIGHT_LOW: RED}),
    "PDF 2.0": paper(lambda: pdfs.saved(pdfs.plain(), force_version="2.0")),
    "linearized": paper(lambda: pdfs.saved(pdfs.plain(60), linearize=True), pages=60),
    "turned back": paper(
        lambda: pdfs.saved(pdfs.plain(Rotate=-90)), (600, 400), spots={(0.25, 0.8): RED, (0.75, 0.2): WHITE}
    ),
    "turned more than once around": paper(
        lambda: pdfs.saved(pdfs.plain(Rotate=450)), (600, 400), spots={(0.25, 0.2): RED, (0.75, 0.8): WHITE}
    ),
    "box upside down": paper(lambda: pdfs.saved(pdfs.plain(MediaBox=pdfs.box(200, 300, 0, 0)))),
    "box elsewhere": paper(
        lambda: pdfs.saved(pdfs.plain(MediaBox=pdfs.box(-100, 0, 300, 300))),
        (640, 480),
        spots={(0.7, 0.5): WHITE, (0.4, 0.5): RED},
    ),
    "units of ten points": paper(lambda: pdfs.saved(pdfs.plain(UserUnit=10))),
    "without a box": paper(pdfs.without_media_box, (495, 640), spots={CENTER: WHITE}),
    "largest page": paper(lambda: pdfs.saved(pdfs.plain(1, 14400, 14400)), (640, 640)),
    "visible part elsewhere": paper(
        lambda: pdfs.saved(pdfs.plain(CropBox=pdfs.box(1000, 1000, 1100, 1100))),
        (0, 0),
        notes=("no_preview",),
    ),
    "for a certificate": paper(pdfs.for_a_certificate, (0, 0), 0, ("no_preview",)),
    "lines before": paper(lambda: b"\xef\xbb\xbf\r\n" + b"x" * 900 + pdfs.scan(2), pages=2),
    "zeros after": paper(lambda: pdfs.scan(2) + bytes(3000), pages=2),
    "no mark at the end": paper(lambda: pdfs.scan(2).replace(b"%%EOF", b""), pages=2),
    "wrong reference": paper(
        lambda: pdfs.scan(2).replace(b"startxref\n", b"startxref\n9"), pages=2
    ),
    "JBIG2": fetched_paper("pikepdf:jbig2.pdf", 422, 640, 1),
    "CCITT": fetched_paper("pikepdf:ccitt-endofline-true.pdf", 450, 640, 1),
    "JPEG 2000": fetched_paper("pikepdf:pike-jp2.pdf", 180, 66, 1),
    "one bit with a profile": fetched_paper("pikepdf:1biticc.pdf", 448, 640, 1),
    "report of 137 pages": fetched_paper("pypdf:issue-604.pdf", 640, 495, 137),
    "data model of 19 pages": fetched_paper(
        "pypdf:GeoBase_NHNC1_Data_Model_UML_EN.pdf", 495, 640, 19
    ),
    "form of a ministry": fetched_paper("pikepdf:form_dd0293.pdf", 495, 640, 4),
}  # fmt: skip

PHOTOS = PHONES | HOSPITALS | COLORS | CONTENT | UPRIGHT
VALID = PHOTOS | PAPERS
