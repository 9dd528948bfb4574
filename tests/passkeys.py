"""A passkey in software: what an authenticator and a browser answer (WebAuthn Level 3, ES256).

passkey = SoftPasskey("http://localhost:8080")
answer = passkey.made(options)      # navigator.credentials.create(), as JSON
answer = passkey.used(options)      # navigator.credentials.get()
"""

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from yarl import URL

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
"Flags of authenticator data."


class SoftPasskey:
    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        """`verifies`: whether it makes sure who uses it, by a finger or a PIN."""
        self.origin = origin
        self.count = 0
        self.user_handle = b""
        self._flags = PRESENT | (VERIFIED if verifies else 0)
        self._id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def identifier(self) -> str:
        return bytes_to_base64url(self._id)

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: _bytes(numbers.x), -3: _bytes(numbers.y)}
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], self._flags | ATTESTED) + attested
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        )

    def used(self, options: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        data = self._data(options["rpId"], self._flags)
        client_data = self._client_data("webauthn.get", options)
        signed = data + hashlib.sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self._key.sign(signed, ec.ECDSA(hashes.SHA256())),
            userHandle=self.user_handle,
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        counted = bytes([flags]) + self.count.to_bytes(4, "big")
        return hashlib.sha256(rp_id.encode()).digest() + counted

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        data = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(data).encode()

    def _answer(self, **response: bytes) -> dict[str, Any]:
        written = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {
            "id": self.identifier,
            "rawId": self.identifier,
            "type": "public-key",
            "response": written,
        }


def origin_of(url: str) -> str:
    return str(URL(url).origin())


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")
