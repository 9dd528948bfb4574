"""Answers are parsed or rejected, whatever they contain."""

import random
import time

import pytest

from media.rooms.sdp_answer import AnswerRejected, read_answer
from media.rooms.sdp_offer import write_offer
from media.transport.ice import Credentials
from tests.media.rooms.test_sdp_offer import offered


def answer(
    bundle: str = "0 1 2",
    ports: tuple[int, ...] = (9, 9, 9),
    more: tuple[tuple[str, ...], ...] = ((), (), ()),
) -> str:
    """An answer to ``offered()``; ``more`` are attributes of each section besides the usual."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {bundle}"] if bundle else []
    for section, port, attributes in zip(offered(), ports, more, strict=True):
        number = section.codecs[0].payload_type
        lines += [
            f"m={section.medium} {port} UDP/TLS/RTP/SAVPF {number}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{section.mid}",
            "a=ice-ufrag:abcd",
            f"a=ice-pwd:{'x' * 24}",
            f"a=fingerprint:sha-256 {':'.join(['AA'] * 32)}",
            "a=setup:active",
            f"a=rtpmap:{number} {section.codecs[0].name}/{section.codecs[0].clock_rate}",
            "a=recvonly" if section.direction == "sendonly" else "a=sendonly",
            *(f"a={attribute}" for attribute in attributes),
        ]
    return "\r\n".join(lines) + "\r\n"


def test_an_answer_is_read() -> None:
    found = read_answer(answer(), offered())
    assert [section.direction for section in found.sections.values()] == [
        "sendonly",
        "sendonly",
        "recvonly",
    ]


@pytest.mark.parametrize("bundle", ["", "0 1", "0 7", "0 1\r\na=group:BUNDLE 2"])
def test_an_answer_without_a_bundle_of_all_is_rejected(bundle: str) -> None:
    with pytest.raises(AnswerRejected, match="does not bundle"):
        read_answer(answer(bundle), offered())


def test_what_is_rejected_or_alone_needs_no_bundle() -> None:
    assert read_answer(answer("0 1", ports=(9, 9, 0)), offered())
    assert read_answer(answer("", ports=(9, 0, 0)), offered())


def test_port_zero_rejects_a_section_unless_it_is_bundled() -> None:
    """RFC 8843 section 7.3 gives every section but the first port 0 and ``bundle-only``."""
    bundled = answer(ports=(9, 0, 0), more=((), ("bundle-only",), ()))
    sections = read_answer(bundled, offered()).sections
    assert [section.direction for section in sections.values()] == [
        "sendonly",
        "sendonly",
        "inactive",
    ]


def test_reduced_size_rtcp_is_what_every_accepted_section_agrees_to() -> None:
    rsize = ("rtcp-rsize",)
    assert read_answer(answer(more=(rsize, rsize, rsize)), offered()).reduced_size
    assert not read_answer(answer(more=(rsize, (), rsize)), offered()).reduced_size
    assert not read_answer(answer(), offered()).reduced_size
    rejected = answer("0 1", ports=(9, 9, 0), more=(rsize, rsize, ()))
    assert read_answer(rejected, offered()).reduced_size


def test_feedback_is_said_of_a_payload_type_or_of_all() -> None:
    mixed = ("rtcp-fb:96 nack", "rtcp-fb:*  nack  pli", "rtcp-fb:7 ccm fir", "rtcp-fb:96 x y z")
    sections = read_answer(answer(more=((), mixed, ())), offered()).sections
    assert sections["1"].feedback == {"nack", "nack pli", "x y z"}
    assert not sections["0"].feedback


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


def test_what_is_not_understood_leaves_what_is() -> None:
    """Valid lines that no browser writes today, and candidates of any form."""
    more = (
        "extmap:4/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
        "extmap:2/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "extmap:99999999999999999999 urn:x",
        "candidate:1 1 ssltcp 21.5 192.0.2.1 9 typ host",
        "candidate:",
        "fmtp:18 annexb=no",
        "rtcp:9",
        "ssrc:5 cname:a",
        "ssrc:5 previous-ssrc",
        "ssrc:x cname:a",
        "ssrc-group:FID 5 6",
        "ssrc-group:FID 5",
        "",
        "no-such-attribute:1 2 3",
    )
    section = read_answer(answer(more=(more, (), ())), offered()).sections["0"]
    assert section.extensions == {4}
    assert section.streams == ((5, 6),)
    assert section.payload_types == (111,)


def test_what_stands_above_the_sections_is_said_of_each() -> None:
    text = answer(more=((), ("setup:passive",), ()))
    lines = text.replace("a=sendonly\r\n", "").split("\r\n")
    shared = ("a=fingerprint:", "a=setup:active", "a=ice-ufrag:")
    above = list(dict.fromkeys(line for line in lines if line.startswith(shared)))
    rest = [line for line in lines if not line.startswith(shared)]
    above += ["a=sendonly", "a=extmap:4 urn:ietf:params:rtp-hdrext:ssrc-audio-level"]
    found = read_answer("\r\n".join(rest[:4] + above + rest[4:]), offered())
    assert found.ufrag == "abcd"
    assert [name for name, _ in found.fingerprints] == ["sha-256"]
    assert found.client_is_active
    assert [section.direction for section in found.sections.values()] == [
        "sendonly",
        "sendonly",
        "recvonly",
    ]
    assert all(4 in section.extensions for section in found.sections.values())


def test_a_port_may_have_a_number_of_ports() -> None:
    assert read_answer(answer().replace("m=video 9 ", "m=video 9/1 "), offered())


@pytest.mark.parametrize("setup", ["holdconn", "nobody", ""])
def test_an_answer_without_a_dtls_role_is_rejected(setup: str) -> None:
    with pytest.raises(AnswerRejected, match="DTLS role"):
        read_answer(answer().replace("setup:active", f"setup:{setup}"), offered())


def test_the_transport_is_that_of_accepted_sections() -> None:
    """A rejected section is outside of the bundle, and may name a transport of its own."""
    text = answer("1 2", ports=(0, 9, 9))
    own, rest = text[: text.index("m=video")], text[text.index("m=video") :]
    for used, unused in (
        ("ufrag:abcd", "ufrag:zzzz"),
        ("AA:AA", "BB:BB"),
        ("setup:active", "setup:passive"),
    ):
        own = own.replace(used, unused)
    found = read_answer(own + rest, offered())
    assert (found.ufrag, found.client_is_active) == ("abcd", True)
    assert found.fingerprints == (("sha-256", ":".join(["AA"] * 32)),)


@pytest.mark.parametrize("attribute", ["rtpmap:9", "rtcp-fb:9"])
def test_a_long_answer_does_not_take_long(attribute: str) -> None:
    """An answer is read between the packets of everybody's calls; each word of it is read once."""
    formats, lines = " ".join("1" * 32_000), f"a={attribute}\r\n" * 4500
    text = answer().replace("SAVPF 111\r\n", f"SAVPF {formats}\r\n{lines}")
    began = time.thread_time()
    for _ in range(3):
        assert read_answer(text, offered())
    assert time.thread_time() - began < 1
