"""Colors by number become sRGB as those of a profile do."""

from itertools import product

import pytest
from PIL import Image

from tests.files import pixel
from tests.web.attachments.making_photos import p3_profile, profile_for_pq, srgb_profile
from web.attachments.colors import to_srgb
from web.attachments.heif_boxes import Colors
from web.attachments.icc import is_hdr, profile_of

PATCHES = list(product((0, 60, 128, 200, 255), repeat=3))


def converted(profile: bytes | None) -> list[tuple[int, ...]]:
    """PATCHES in sRGB."""
    picture = Image.new("RGB", (len(PATCHES), 1))
    picture.putdata(PATCHES)
    in_srgb = to_srgb(picture, profile)
    return [pixel(in_srgb, x, 0) for x in range(len(PATCHES))]


def test_p3_by_number_is_p3_by_profile() -> None:
    for ours, theirs in zip(
        converted(profile_of(Colors(12, 13))), converted(p3_profile()), strict=True
    ):
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1


@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 15])
def test_srgb_by_number_stays_as_it_is(transfer: int) -> None:
    assert profile_of(Colors(1, transfer)) is None
    assert profile_of(Colors(2, transfer)) is None
    assert converted(srgb_profile()) == PATCHES


@pytest.mark.parametrize("primaries", [1, 4, 5, 6, 7, 9, 11, 12, 22])
def test_white_and_black_stay(primaries: int) -> None:
    found = dict(zip(PATCHES, converted(profile_of(Colors(primaries, 4))), strict=True))
    assert found[0, 0, 0] == (0, 0, 0)
    assert all(part >= 254 for part in found[255, 255, 255])


def test_hdr_is_told_by_number_and_by_profile() -> None:
    assert is_hdr(Colors(9, 16), None)
    assert is_hdr(Colors(9, 18), None)
    assert is_hdr(None, profile_for_pq())
    assert not is_hdr(Colors(12, 13), None)
    assert not is_hdr(Colors(9, 16), p3_profile())
    assert not is_hdr(None, b"no profile")
