"""Offers say what browsers need; answers are read or rejected, whatever they hold."""

import random

import pytest

from media.rooms.sdp import AnswerRejected, Section, codecs_of, read_answer, write_offer
from media.transport.ice import Credentials


def offered() -> list[Section]:
    return [
        Section("0", "audio", "recvonly", codecs_of("audio")),
        Section("1", "video", "recvonly", codecs_of("video"), rids=("h", "l"), bitrate=2_000_000),
        Section("2", "video", "sendonly", codecs_of("video"), (), "a", "a-video", 11, 12),
    ]


def test_an_offer_says_what_browsers_need() -> None:
    text = write_offer(1, 2, Credentials("u", "p"), "sha-256 AA", [("192.0.2.1", 5)], offered())
    sections = text.split("\r\n")
    for expected in (
        "a=ice-lite",
        "a=group:BUNDLE 0 1 2",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103",
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
        "a=simulcast:recv h;l",
        "a=rid:l recv",
        "a=ssrc-group:FID 11 12",
        "a=msid:a a-video",
        "b=TIAS:2000000",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 5 typ host",
    ):
        assert expected in sections, expected
    sent = text[text.index("a=mid:2") :]
    assert "transport-wide-cc" not in sent
    assert "sdes:mid" not in sent


def test_h264_can_be_preferred() -> None:
    assert [one.name for one in codecs_of("video", ("H264",))] == ["H264", "VP8"]


@pytest.mark.parametrize("seed", range(20))
def test_damaged_answers_are_rejected_or_read(seed: int) -> None:
    chance = random.Random(seed)
    text = write_offer(1, 2, Credentials("u", "p" * 22), "sha-256 AA", [], offered())
    damaged = list(text)
    for _ in range(chance.randint(1, 30)):
        damaged[chance.randrange(len(damaged))] = chance.choice("\r\n:= a0/\x00é")
    try:
        read_answer("".join(damaged), offered())
    except AnswerRejected:
        return
