"""HEIC and AVIF by their boxes: no cut is missed, and nothing whole is called cut."""

import pytest

from tests.web.attachments.making_photos import aperture as clap
from tests.web.attachments.making_photos import heic, plain, saved, with_numbers, with_property
from web.attachments.heif_boxes import Colors, clean_aperture, colors_of, is_cut, without_exif

HEIC, AVIF = heic(plain(), 12, 13), saved(plain(), "AVIF")


@pytest.mark.parametrize("data", [HEIC, AVIF], ids=["HEIC", "AVIF"])
def test_every_cut_is_found(data: bytes) -> None:
    end_of_ftyp = int.from_bytes(data[:4], "big")
    unknown = [length for length in range(end_of_ftyp, len(data)) if not is_cut(data[:length])]
    assert unknown == []


@pytest.mark.parametrize("data", [HEIC, AVIF], ids=["HEIC", "AVIF"])
@pytest.mark.parametrize(
    "trailer", [b"", b"\0\1\0\0sefd", b"\0\0\0\x10free12345678", b"\0\0\0\0mdatmore", b"\0" * 99]
)
def test_what_phones_append_is_no_cut(data: bytes, trailer: bytes) -> None:
    assert not is_cut(data + trailer)


def test_a_long_box_may_say_its_size_in_eight_bytes() -> None:
    box = b"\0\0\0\1mdat" + (20).to_bytes(8, "big") + b"1234"
    assert not is_cut(AVIF + box)
    assert is_cut(AVIF + box[:-1])


def test_colors_are_those_of_the_primary_picture() -> None:
    assert colors_of(HEIC) == Colors(12, 13)
    assert colors_of(with_numbers(AVIF, 9, 16)) == Colors(9, 16)
    assert colors_of(heic(plain(), icc_profile=b"\0" * 200)) is None
    assert colors_of(b"") is None


@pytest.mark.parametrize(
    ("aperture", "shown"),
    [
        ((40, 64, -56, 0), (0, 0, 40, 64)),
        ((20, 10, 1, -1), None),  # half a pixel
        ((20, 10, 2, -4), (39, 25, 59, 35)),
        ((40, 64, -57, 0), None),
        ((98, 64, 0, 0), None),
        ((0, 64, 0, 0), None),
        ((-20, 10, 0, 0), None),
    ],
)
def test_an_aperture_is_a_part_of_the_picture_in_whole_pixels(
    aperture: tuple[int, int, int, int], shown: tuple[int, int, int, int] | None
) -> None:
    data = with_property(AVIF, b"clap", clap(*aperture))
    assert clean_aperture(data, (96, 64)) == shown
    assert clean_aperture(AVIF, (96, 64)) is None


@pytest.mark.parametrize(
    "data",
    [HEIC, AVIF, with_property(AVIF, b"clap", clap(40, 64, -56, 0))],
    ids=["HEIC", "AVIF", "AVIF with an aperture"],
)
def test_broken_boxes_raise_nothing(data: bytes) -> None:
    for place in range(len(data)):
        for value in (0, 1, 0x7F, 0xFF):
            broken = data[:place] + bytes([value]) + data[place + 1 :]
            is_cut(broken)
            colors_of(broken)
            clean_aperture(broken, (96, 64))
            assert len(without_exif(broken)) == len(broken)
