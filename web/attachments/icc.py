"""Color profiles: made of ITU-T H.273 numbers, and asked whether they are for HDR (ICC.1:2022)."""

from struct import pack
from typing import NamedTuple

from web.attachments.heif_boxes import Colors

HDR_TRANSFERS = {16, 18}
"PQ and HLG: their white is not that of a screen, so plain conversion shows a flat, gray picture."

_D65 = (0.3127, 0.3290)
_D50 = (0.9642, 1.0, 0.8249)
"The white of the profile connection space, X Y Z (ICC.1:2022, 7.2.16)."


class _Primaries(NamedTuple):
    """Chromaticities x, y (H.273, table 2)."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float] = _D65


_PRIMARIES = {
    1: _Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    4: _Primaries((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), (0.310, 0.316)),
    5: _Primaries((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: _Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: _Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: _Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: _Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: _Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: _Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"Transfers that are a power; all others are taken for that of sRGB, as browsers do with pictures."
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

_Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
_Vector = tuple[float, float, float]
_BRADFORD: _Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)


def is_hdr(colors: Colors | None, profile: bytes | None) -> bool:
    """Whether a picture is encoded in PQ or HLG, by its numbers or by those in its profile."""
    if profile is not None:
        colors = _numbers_of(profile)
    return colors is not None and colors.transfer in HDR_TRANSFERS


def profile_of(colors: Colors) -> bytes | None:
    """An ICC profile for colors by number; None where they are sRGB or not specified."""
    primaries = _PRIMARIES.get(colors.primaries)
    gamma = _GAMMAS.get(colors.transfer)
    if primaries is None or (colors.primaries == 1 and gamma is None):
        return None
    columns = _adapted(primaries)
    if gamma is None:
        curve = pack(">4s4xHH5i", b"para", 3, 0, *map(_fixed, _SRGB_CURVE))
    else:
        curve = pack(">4s4xHHi", b"para", 0, 0, _fixed(gamma))
    tags = {b"wtpt": _xyz(_D50)}
    for name, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[name + b"XYZ"] = _xyz(column)
        tags[name + b"TRC"] = curve
    return _file(tags)


def _numbers_of(profile: bytes) -> Colors | None:
    """What the tag `cicp` of a profile says (ICC.1:2022, 9.2.17)."""
    for entry in range(min(int.from_bytes(profile[128:132], "big"), 100)):
        at = 132 + 12 * entry
        if profile[at : at + 4] == b"cicp":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            content = profile[start : start + 12]
            if len(content) == 12:
                return Colors(content[8], content[9])
    return None


def _adapted(primaries: _Primaries) -> tuple[_Vector, _Vector, _Vector]:
    """X Y Z of full red, green and blue, as seen under D50 (Bradford)."""
    red, green, blue, white = (_from_chromaticity(*place) for place in primaries)
    amounts = _solved((red, green, blue), white)
    source, target = (_times(_BRADFORD, each) for each in (white, _D50))
    columns = []
    for vector, amount in zip((red, green, blue), amounts, strict=True):
        cone = _times(_BRADFORD, vector)
        long, middle, short = (
            c * amount * t / s for c, t, s in zip(cone, target, source, strict=True)
        )
        columns.append(_solved(_transposed(_BRADFORD), (long, middle, short)))
    return columns[0], columns[1], columns[2]


def _from_chromaticity(x: float, y: float) -> _Vector:
    return x / y, 1.0, (1 - x - y) / y


def _transposed(matrix: _Matrix) -> _Matrix:
    first, second, third = zip(*matrix, strict=True)
    return first, second, third


def _times(matrix: _Matrix, vector: _Vector) -> _Vector:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def _determinant(a: _Vector, b: _Vector, c: _Vector) -> float:
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


def _solved(columns: _Matrix, sum_: _Vector) -> _Vector:
    """How much of each column adds up to a vector (Cramer's rule)."""
    a, b, c = columns
    whole = _determinant(a, b, c)
    return (
        _determinant(sum_, b, c) / whole,
        _determinant(a, sum_, c) / whole,
        _determinant(a, b, sum_) / whole,
    )


def _fixed(number: float) -> int:
    """An s15Fixed16Number."""
    return round(number * 65536)


def _xyz(vector: _Vector) -> bytes:
    return pack(">4s4x3i", b"XYZ ", *map(_fixed, vector))


def _file(tags: dict[bytes, bytes]) -> bytes:
    """A display profile for RGB: header, table of tags, tags (ICC.1:2022, 7)."""
    start = 128 + 4 + 12 * len(tags)
    table, content = pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += pack(">4sII", name, start + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    header = pack(
        ">I4xI4s4s4s12x4s28x3i48x",
        start + len(content), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp", *map(_fixed, _D50),
    )  # fmt: skip
    return header + table + content
