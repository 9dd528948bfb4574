"""Passkeys: challenges for browsers, and whether their answers are right (WebAuthn Level 3).

The checks are those of the library `webauthn`. Challenges are kept in memory: each serves once,
within five minutes, and for the purpose and the account it was made for; after a restart the browser
asks for another one.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Literal

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from yarl import URL

from signaling.account import Account
from signaling.second_factor import Passkey
from web.access.growing_delays import Steady

LIFETIME = timedelta(minutes=5)
"Of a challenge."
MOST = 10_000
"Challenges at once for strangers, and for accounts; then the oldest of these is dropped."
PATIENCE_MS = int(LIFETIME / timedelta(milliseconds=1))
Purpose = Literal["add", "only step", "second step", "proof"]
"Why a challenge was made: with the only step a passkey must also have verified its owner."


class PasskeyRefused(Exception):
    """An answer that is wrong; the message is for the log."""


@dataclass(frozen=True)
class Challenge:
    purpose: Purpose
    account_id: str
    "Empty where any account may answer."
    until: datetime


class Passkeys:
    def __init__(self, public_url: URL, service: str, clock: Steady) -> None:
        self.host = public_url.host or ""
        "The public host, to which all passkeys belong."
        self.origin = str(public_url.origin())
        self._rp_id = public_url.raw_host or ""
        self._service = service
        self._clock = clock
        # anybody may ask for those without an account: a flood of them must not drop the others
        self._of_strangers: OrderedDict[bytes, Challenge] = OrderedDict()
        self._of_accounts: OrderedDict[bytes, Challenge] = OrderedDict()

    @property
    def possible(self) -> bool:
        """Whether browsers offer passkeys at the public address: by TLS, and a name, not a number."""
        try:
            ip_address(self._rp_id)
        except ValueError:
            return self.origin.startswith("https:") or self._rp_id == "localhost"
        return False

    def adding(self, account: Account, present: Iterable[Passkey]) -> dict[str, Any]:
        """Options for `navigator.credentials.create`, in JSON as browsers parse it."""
        options = generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._service,
            user_id=account.id.encode(),
            user_name=account.email,
            user_display_name=account.name,
            challenge=self._make("add", account.id),
            timeout=PATIENCE_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_descriptors(present),
        )
        return options_to_json_dict(options)

    def added(self, account: Account, answer: Any, name: str, now: datetime) -> Passkey:
        """The new passkey. Raises PasskeyRefused."""
        try:
            credential = parse_registration_credential_json(answer)
            challenge = self._take(credential.response.client_data_json, "add", account.id)
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self.origin,
            )
        except Exception as error:  # whatever a parser of the library meets in hostile input
            raise PasskeyRefused(_why(error)) from error
        return Passkey(
            credential_id=verified.credential_id,
            account_id=account.id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=tuple(each.value for each in credential.response.transports or ()),
            name=name,
            created_at=now,
        )

    def asking(
        self, purpose: Purpose, account_id: str = "", present: Iterable[Passkey] = ()
    ) -> dict[str, Any]:
        """Options for `navigator.credentials.get`; without an account for whichever passkey is there."""
        only = purpose == "only step"
        options = generate_authentication_options(
            rp_id=self._rp_id,
            challenge=self._make(purpose, account_id),
            timeout=PATIENCE_MS,
            allow_credentials=_descriptors(present),
            user_verification=UserVerificationRequirement.REQUIRED
            if only
            else UserVerificationRequirement.PREFERRED,
        )
        return options_to_json_dict(options)

    def answered(self, purpose: Purpose, account_id: str, passkey: Passkey, answer: Any) -> int:
        """The signature counter of a right answer. Raises PasskeyRefused.

        Whether the counter has grown is decided where it is stored.
        """
        try:
            credential = parse_authentication_credential_json(answer)
            response = credential.response
            challenge = self._take(response.client_data_json, purpose, account_id)
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=purpose == "only step",
            )
        except Exception as error:  # as above
            raise PasskeyRefused(_why(error)) from error
        owner = passkey.account_id.encode()
        if verified.credential_id != passkey.credential_id or response.user_handle not in (
            None,
            b"",
            owner,
        ):
            raise PasskeyRefused("the passkey is somebody else's")
        return verified.new_sign_count

    def _make(self, purpose: Purpose, account_id: str) -> bytes:
        now, held = self._clock.now(), self._held(account_id)
        while held:
            oldest = next(iter(held.values()))
            if oldest.until > now and len(held) < MOST:
                break
            held.popitem(last=False)
        made = secrets.token_bytes(32)
        held[made] = Challenge(purpose, account_id, now + LIFETIME)
        return made

    def _held(self, account_id: str) -> OrderedDict[bytes, Challenge]:
        return self._of_accounts if account_id else self._of_strangers

    def _take(self, client_data: bytes, purpose: Purpose, account_id: str) -> bytes:
        """The challenge that the browser answers, which is over thereby."""
        answered = parse_client_data_json(client_data).challenge
        found = self._held(account_id).pop(answered, None)
        if found is None or found.until <= self._clock.now():
            raise PasskeyRefused("the challenge is over")
        if (found.purpose, found.account_id) != (purpose, account_id):
            raise PasskeyRefused("the challenge was made for something else")
        return answered


def _why(error: Exception) -> str:
    """For the log: what the library says may quote the browser's answer."""
    return str(error) if isinstance(error, PasskeyRefused) else type(error).__name__


def credential_id(answer: object) -> bytes:
    """Which passkey a browser's answer is of. Raises PasskeyRefused."""
    try:
        found = answer["id"] if isinstance(answer, dict) else ""
        return base64url_to_bytes(found) if isinstance(found, str) else b""
    except (KeyError, ValueError) as error:
        raise PasskeyRefused("no credential") from error


def _descriptors(present: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    known = {each.value for each in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[
                AuthenticatorTransport(each) for each in passkey.transports if each in known
            ]
            or None,
        )
        for passkey in present
    ]
