"""The primary block of a RED packet is extracted for receivers with Opus alone."""

from media.rtp.red import primary_of


def test_red_gives_its_newest_block() -> None:
    header = bytes.fromhex("80bf000100000002 00000003")
    red = header + bytes((0x80 | 111, 0, 0, 3, 111)) + b"old" + b"newest"
    plain = primary_of(red, 12)
    assert plain == bytes.fromhex("80ef000100000002 00000003") + b"newest"
    assert primary_of(header + bytes((111,)) + b"alone", 12) is not None
    for length in range(12, len(red)):
        primary_of(red[:length], 12)
    assert primary_of(header + bytes((0xEF, 0, 3, 255, 111)), 12) is None
