"""SRTP in place does what the library's public methods do, and refuses what would break it.

Names the private attributes of pylibsrtp that `media/transport/srtp.py` relies on.
"""

import secrets
import struct

import cffi
import pylibsrtp
import pytest
from pylibsrtp import Policy, Session, _binding

from media.forwarding.demux import LONGEST_PACKET
from media.transport.srtp import TRAILER, Cipher, native_binding

PROFILES = {
    Policy.SRTP_PROFILE_AEAD_AES_256_GCM: 44,
    Policy.SRTP_PROFILE_AEAD_AES_128_GCM: 28,
    Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 30,
}


def packet(sequence: int, payload: bytes = b"sound and picture") -> bytes:
    return struct.pack("!BBHII", 0x80, 96, sequence, 1234, 0xABCDEF) + payload


def in_place(operation, data: bytes) -> bytes | None:
    foreign = cffi.FFI()
    buffer = foreign.new("char[]", data + bytes(TRAILER))
    size = foreign.new("int *", len(data))
    return None if operation(buffer, size) else bytes(foreign.buffer(buffer, size[0]))


def test_the_private_names_of_pylibsrtp_are_there() -> None:
    assert native_binding() == (_binding.lib, _binding.ffi)
    assert Session()._srtp[0]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("direct", [True, False])
def test_in_place_is_what_the_public_methods_do(profile: int, direct: bool) -> None:
    key = secrets.token_bytes(PROFILES[profile])
    sender = Cipher(profile, key, outgoing=True, direct=direct)
    assert sender.direct is direct
    public = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
    receiver = Cipher(profile, key, outgoing=False, direct=not direct)
    for sequence in range(100, 110):
        protected = in_place(sender.protect, packet(sequence))
        assert protected == public.protect(packet(sequence))
        assert in_place(receiver.unprotect, protected) == packet(sequence)
    report = struct.pack("!BBHI", 0x80, 201, 1, 7)
    assert receiver.unprotect_rtcp(sender.protect_rtcp(report)) == report


@pytest.mark.parametrize("direct", [True, False])
def test_one_number_is_never_protected_twice(direct: bool) -> None:
    profile = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    cipher = Cipher(profile, bytes(range(44)), outgoing=True, direct=direct)
    assert in_place(cipher.protect, packet(1)) is not None
    assert in_place(cipher.protect, packet(1, b"other bytes")) is None
    with pytest.raises(pylibsrtp.Error):
        cipher.protect_packet(packet(1, b"other bytes again"))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_packet_of_any_size_that_is_forwarded_can_be_protected(profile: int) -> None:
    key = secrets.token_bytes(PROFILES[profile])
    sender = Cipher(profile, key, outgoing=True)
    receiver = Cipher(profile, key, outgoing=False)
    for sequence, size in enumerate((0, 1, 1340, 1357, 1400, LONGEST_PACKET - 12, 2000)):
        protected = sender.protect_packet(packet(sequence, bytes(size)))
        assert in_place(receiver.unprotect, protected) == packet(sequence, bytes(size))


@pytest.mark.parametrize("direct", [True, False])
def test_forged_and_repeated_packets_are_refused(direct: bool) -> None:
    profile = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
    key = secrets.token_bytes(28)
    sender = Cipher(profile, key, outgoing=True)
    receiver = Cipher(profile, key, outgoing=False, direct=direct)
    protected = in_place(sender.protect, packet(5))
    assert protected is not None
    forged = protected[:-1] + bytes((protected[-1] ^ 1,))
    assert in_place(receiver.unprotect, forged) is None
    assert in_place(receiver.unprotect, protected) == packet(5)
    assert in_place(receiver.unprotect, protected) is None
    assert in_place(receiver.unprotect, b"\x80\x60short") is None
