"""A contact: where one person can be reached. Reading what people type is `web/forms/contacts.py`."""

import re
from dataclasses import dataclass
from typing import Literal

from signaling.errors import N_, InvalidInput

ContactKind = Literal["email", "phone"]

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"A number as ITU-T E.164 writes it: a plus sign, then 7 to 15 digits."
EMAIL_LENGTH = 254
"Octets of an address that still fits a mail transaction (RFC 5321 section 4.5.3.1.3)."

_LABEL = r"[^\s@<>,;:\"()\\.\x00-\x1f\x7f]+"
_EMAIL = re.compile(
    rf"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+@{_LABEL}(?:\.{_LABEL})*",
)


@dataclass(frozen=True)
class Contact:
    """An email address or an E.164 number. Raises InvalidInput for anything else."""

    kind: ContactKind
    address: str

    def __post_init__(self) -> None:
        if self.kind == "phone":
            right = E164.fullmatch(self.address) is not None
        else:
            right = (
                _EMAIL.fullmatch(self.address) is not None
                and len(self.address.encode("utf-8", "replace")) <= EMAIL_LENGTH
            )
        if not right:
            raise InvalidInput("contact", N_("This is neither an email address nor a number."))
