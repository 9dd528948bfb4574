"""The rules that the relay's packets are held to complain of planted faults, and of nothing else."""

import struct
from pathlib import Path

import pytest
from pylibsrtp import Policy

from media.rtp.transport_cc import build_feedback
from media.transport.srtp import Cipher
from scripts.benchmarks._foreign.arrivals import Arrivals, read_feedback
from scripts.benchmarks._foreign.capture import Datagram, read_capture, write_capture
from scripts.benchmarks._foreign.complaints import Complaints
from scripts.benchmarks._foreign.descriptions import Sent, sent_streams, takes_reduced_size
from scripts.benchmarks._foreign.opening import Opened, opened
from scripts.benchmarks._foreign.packets import (
    Malformed,
    Rtcp,
    Rtp,
    read_cnames,
    read_nack,
    read_rtcp,
    read_rtp,
)
from scripts.benchmarks._foreign.repairs import Repairs
from scripts.benchmarks._foreign.results import after_answers, rows, silences
from scripts.benchmarks._foreign.rtcp_rules import RtcpRules
from scripts.benchmarks._foreign.rtp_rules import RtpRules

RELAY, CLIENT = ("10.79.0.1", 40000), ("10.79.0.2", 50000)
MEDIA, REPAIRS = 1111, 2222
OFFERED = frozenset({2, 5})
SENT = {
    MEDIA: Sent("3", "ada", "video", "stream", 0, OFFERED, OFFERED),
    REPAIRS: Sent("3", "ada", "video", "stream", MEDIA, OFFERED, OFFERED),
}


def rtp(ssrc=MEDIA, number=7, payload=b"frame", elements=b"", kind=96):
    """A packet with that block of one-byte header extensions."""
    head = struct.pack("!BBHII", 0x90 if elements else 0x80, kind, number, 90000, ssrc)
    if elements:
        elements += bytes(-len(elements) % 4)
        head += struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements
    return head + payload


def datagram(data, time=1.0, ip_length=100):
    return Datagram(time, RELAY, CLIENT, data, ip_length)


def down(data, **more):
    """A packet of the relay that was opened."""
    sealed = datagram(more.pop("sealed", data), **more)
    return Opened("bob", False, sealed, data)


def rtp_complaints(*packets, largest=None):
    complaints = Complaints()
    rules = RtpRules("bob", SENT, largest or {}, complaints)
    for packet in packets:
        rules.check(packet)
    return [rule for _, rule in complaints.found]


def test_ordinary_packets_are_no_reason_to_complain():
    repair = rtp(REPAIRS, 1, struct.pack("!H", 7) + b"frame", kind=97)
    assert rtp_complaints(down(rtp(elements=b"\x22\x01\x02\x03\x50\x00")), down(repair)) == []


@pytest.mark.parametrize(
    ("packets", "rule"),
    [
        ([down(rtp(ssrc=5))], "an SSRC that no offer has"),
        ([down(rtp(elements=b"\x40\x01"))], "header extension 4"),
        ([down(rtp(), ip_length=1281)], "above 1280"),
        ([down(rtp()), down(rtp(), sealed=b"other bytes")], "twice with other bytes"),
        ([down(rtp(REPAIRS, 1, b"\x00\x09frame", kind=97))], "was not sent"),
        ([down(rtp()), down(rtp(REPAIRS, 1, b"\x00\x07other", kind=97))], "another time or payload"),
        ([down(b"\x80")], "malformed"),
        ([Opened("bob", False, datagram(rtp()), None)], "do not open"),
    ],
)  # fmt: skip
def test_a_packet_that_breaks_a_rule_is_complained_of(packets, rule):
    (found,) = rtp_complaints(*packets)
    assert rule in found


def test_a_publisher_may_have_sent_larger_packets_itself():
    assert rtp_complaints(down(rtp(), ip_length=1281), largest={"ada": 1300}) == []


def test_a_number_that_was_passed_over_may_be_repaired():
    before, after = down(rtp(number=7)), down(rtp(number=9))
    repair = down(rtp(REPAIRS, 1, b"\x00\x08frame", kind=97))
    assert rtp_complaints(before, after, repair) == []
    (found,) = rtp_complaints(before, repair, after)
    assert "was not sent" in found
    again = down(rtp(REPAIRS, 2, b"\x00\x08else", kind=97))
    (found,) = rtp_complaints(before, after, repair, again)
    assert "another time or payload" in found


def test_padding_alone_repeats_nothing():
    probe = bytes((0xA0,)) + rtp(REPAIRS, 1, bytes(3) + b"\x04", kind=97)[1:]
    assert rtp_complaints(down(probe)) == []
    assert rtp_complaints(down(rtp(REPAIRS, 1, b"", kind=97))) != []


def test_an_mid_has_to_be_that_of_its_section():
    sent = {MEDIA: Sent("3", "ada", "video", "stream", 0, frozenset({1}), frozenset({1}))}
    complaints = Complaints()
    rules = RtpRules("bob", sent, {}, complaints)
    rules.check(down(rtp(elements=b"\x103")))
    assert not complaints.found
    rules.check(down(rtp(number=8, elements=b"\x104")))
    assert [rule for _, rule in complaints.found] == ["the MID of another section"]


def test_an_extension_left_out_of_the_answer_is_not_sent():
    sent = {MEDIA: Sent("3", "ada", "video", "stream", 0, OFFERED, frozenset({5}))}
    complaints = Complaints()
    rules = RtpRules("bob", sent, {}, complaints)
    rules.check(down(rtp(elements=b"\x22\x01\x02\x03")))
    assert [rule for _, rule in complaints.found] == [
        "header extension 2, which its answer left out"
    ]


def sender_report(packets, octets, ssrc=MEDIA):
    return struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, 0, 0, packets, octets)


def sdes(ssrc=MEDIA, cname=b"stream"):
    body = struct.pack("!IBB", ssrc, 1, len(cname)) + cname
    body += bytes(4 - len(body) % 4)
    return struct.pack("!BBH", 0x81, 202, len(body) // 4) + body


PLI = struct.pack("!BBHII", 0x81, 206, 2, 1, MEDIA)


def rtcp_complaints(*datagrams, reduced_size=False, sent=2):
    """After some packets of the relay with five bytes each, these RTCP datagrams."""
    complaints = Complaints()
    rules = RtcpRules("bob", SENT, reduced_size, complaints)
    for number in range(sent):
        rules.rtp(1.0, read_rtp(rtp(number=number)))
    for data in datagrams:
        rules.rtcp(2.0, data)
    rules.settle(float("inf"))
    return [rule for _, rule in complaints.found]


def test_an_ordinary_sender_report_is_no_reason_to_complain():
    assert rtcp_complaints(sender_report(2, 10) + sdes()) == []
    assert rtcp_complaints(sender_report(0, 0) + sdes(), sent=0) == []


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (sender_report(3, 10) + sdes(), "packet count"),
        (sender_report(2, 34) + sdes(), "octet count"),
        (sender_report(2, 10) + sdes(cname=b"other"), "another CNAME"),
        (sender_report(2, 10), "reduced compound"),
        (sender_report(2, 10) + sdes(ssrc=9), "reduced compound"),
        (PLI, "reduced compound"),
        (sender_report(2, 10)[:-4], "malformed"),
        (sender_report(2, 10) + b"\x81\xca\x00\x05" + sdes()[4:] + bytes(4), "after the last SDES"),
    ],
)
def test_an_rtcp_datagram_that_breaks_a_rule_is_complained_of(data, rule):
    (found,) = rtcp_complaints(data)
    assert rule in found


def test_reduced_size_is_for_whoever_agreed():
    assert rtcp_complaints(PLI, reduced_size=True) == []
    assert takes_reduced_size(["v=0\r\nm=audio 9 X 111\r\na=rtcp-rsize\r\n"])
    assert not takes_reduced_size(["v=0\r\nm=audio 9 X 111\r\n"])


def test_a_count_may_have_become_true_just_before_or_after_its_report():
    complaints = Complaints()
    rules = RtcpRules("bob", SENT, True, complaints)
    rules.rtcp(1.0, sender_report(1, 5))
    rules.rtp(1.01, read_rtp(rtp()))
    rules.rtp(1.02, read_rtp(rtp(number=8)))
    rules.rtcp(1.03, sender_report(1, 5))
    rules.settle(9.0)
    assert not complaints.found
    rules.rtcp(9.0, sender_report(1, 5))
    rules.settle(float("inf"))
    assert [rule for _, rule in complaints.found] == ["packet count of a sender report"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x40\xc8\x00\x00",
        b"\x80\xc8\x00\x01",
        b"\xa0\xc8\x00\x01\x00\x00\x00\x03",
        b"\xa0\xc8\x00\x01\x00\x00\x00\x04" + PLI,
    ],
)
def test_a_compound_has_versions_lengths_and_padding_as_the_rfc_says(data):
    with pytest.raises(Malformed):
        read_rtcp(data)


def test_names_and_numbers_are_read():
    assert read_cnames(read_rtcp(sdes())[0]) == {MEDIA: "stream"}
    body = struct.pack("!IIHH", 1, MEDIA, 65535, 0b101)
    assert read_nack(Rtcp(205, 1, body)) == (MEDIA, [65535, 0, 2])


def test_a_cut_header_extension_is_malformed():
    with pytest.raises(Malformed):
        read_rtp(struct.pack("!BBHIIHH", 0x90, 96, 1, 1, MEDIA, 0xBEDE, 2) + b"\x22\x01")
    with pytest.raises(Malformed):
        read_rtp(rtp(elements=b"\x2f\x01\x02\x03"))


FEEDBACK = build_feedback([100.0, None, 100.03], 65535, 0, 1, MEDIA)


def test_feedback_is_compared_with_the_times_of_the_kernel():
    (packet,) = [Rtcp(205, 15, FEEDBACK[4:])]
    base, arrivals = read_feedback(packet)
    assert base == 65535 and arrivals[1] is None
    assert arrivals[2] - arrivals[0] == pytest.approx(0.03, abs=0.0003)
    complaints = Complaints()
    seen = Arrivals("bob", complaints)
    seen.came(65535, 5000.0)
    seen.came(1, 5000.02)
    seen.told(packet)
    assert not complaints.found and seen.compared == 2
    assert seen.spread()[:2] == pytest.approx((-4.5, 4.5), abs=0.3)


def test_feedback_on_other_packets_than_came_is_complained_of():
    complaints = Complaints()
    seen = Arrivals("bob", complaints)
    seen.came(65535, 5000.0)
    seen.came(0, 5000.0)
    seen.told(Rtcp(205, 15, FEEDBACK[4:]))
    assert {rule for _, rule in complaints.found} == {
        "feedback for a packet that did not come",
        "feedback misses a packet that came",
    }


def test_a_repair_is_what_was_asked_for_and_comes():
    repairs = Repairs()
    repairs.ask(MEDIA, [7, 8, 9])
    repairs.packet(Rtp(REPAIRS, 97, 1, 0, (), struct.pack("!H", 7)))
    repairs.packet(Rtp(MEDIA, 96, 8, 0, (), b""))
    repairs.packet(Rtp(MEDIA, 96, 10, 0, (), b""))
    assert (repairs.asked, repairs.repaired) == (3, 2)


OFFER = """v=0
m=video 9 UDP/TLS/RTP/SAVPF 96 97
a=mid:3
a=extmap:2 urn:two
a=extmap:5 urn:five
a=ssrc-group:FID 1111 2222
a=ssrc:1111 cname:stream
a=ssrc:2222 cname:stream
""".replace("\n", "\r\n")
ANSWER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:3\r\na=extmap:5 urn:five\r\n"


def test_streams_are_as_offer_and_answer_say():
    found = sent_streams([OFFER], [ANSWER], {"3": ("ada", "video")})
    agreed = frozenset({5})
    assert found == {
        MEDIA: Sent("3", "ada", "video", "stream", 0, OFFERED, agreed),
        REPAIRS: Sent("3", "ada", "video", "stream", MEDIA, OFFERED, agreed),
    }


def test_a_capture_is_opened_with_the_keys_of_its_clients(tmp_path: Path):
    profile, key = Policy.SRTP_PROFILE_AES128_CM_SHA1_80, bytes(range(30))
    sealing = Cipher(profile, key, outgoing=True)
    plain, report = rtp(), sender_report(2, 10) + sdes()
    sealed = [sealing.protect_packet(plain), sealing.protect_rtcp(report), b"\x00\x01stun"]
    write_capture(tmp_path / "room.pcap", [datagram(data) for data in sealed])
    captured = list(read_capture(tmp_path / "room.pcap"))
    assert [one.kind for one in captured] == ["rtp", "rtcp", "stun"]
    assert captured[0].ip_length == len(sealed[0]) + 28
    member = {
        "address": CLIENT[0],
        "connected_at": 1.0,
        "profile": profile,
        "to_client": key.hex(),
        "from_client": bytes(30).hex(),
    }
    found = list(opened(captured, {"bob": member}, RELAY))
    assert [one.plain for one in found] == [plain, report, b"\x00\x01stun"]
    assert not any(one.upward for one in found)


def member(paused=()):
    """A client of a run that receives nothing, as the driver writes it down."""
    return {
        "connected_at": 1.0,
        "cut": "",
        "offers": [],
        "tracks": {},
        "counts": [],
        "paused": list(paused),
    }


def test_a_pause_is_a_fault_once_the_room_is_complete():
    seen = {
        "members": {"one": member([(5.0, "two's video"), (11.0, "three's video")])},
        "times": {"complete": 10.0, "over": 100.0},
        "connections": {"one": {"0.0": [(1.0, 2.0, 2.1), (3.0, 4.0, 4.5)]}},
    }
    (row,) = rows(seen, {"one": []}, {"one": []})
    assert row.faults == [
        "one: connected 0.50 s after an answer 0.0 s late",
        "one: paused at times three's video",
    ]


@pytest.mark.parametrize(
    ("records", "took", "silent"),
    [
        ([(2.01, False), (2.61, True), (2.62, False)], 0.03, [0.6]),
        ([(2.01, False), (2.3, False), (2.61, True)], 0.63, []),
        ([(2.01, False), (2.02, False), (2.62, True)], 0.03, [0.6]),
        ([(2.01, True), (2.61, False)], 0.63, []),
        ([(1.5, False), (2.61, True)], 0.63, []),
        ([(2.01, False), (2.12, True)], 0.63, []),
    ],
    ids=["the client's", "sent again", "in two", "the relay's", "before the answer", "short"],
)
def test_a_silence_of_the_client_is_its_own(records, took, silent):
    assert silences(records, 2.0, 2.63) == pytest.approx(silent)
    assert after_answers([(1.0, 2.0, 2.63)], [], records) == [pytest.approx(took)]
