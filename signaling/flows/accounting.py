"""Making accounts."""

from datetime import datetime

from signaling.account import Account, AccountRole
from signaling.contact import Contact
from signaling.errors import N_, InvalidInput
from signaling.identifier import new_id
from signaling.text import one_line


def new_account(
    *,
    email: str,
    name: str,
    role: AccountRole,
    password_hash: str | None,
    language: str,
    time_zone: str,
    now: datetime,
) -> Account:
    """A checked account. Raises InvalidInput naming the field."""
    address = email.strip()
    try:
        Contact("email", address)
    except InvalidInput:
        raise InvalidInput("email", N_("This is not an email address.")) from None
    return Account(
        id=new_id(),
        email=address,
        name=one_line("name", name, required=True),
        role=role,
        password_hash=password_hash,
        language=language,
        time_zone=time_zone,
        created_at=now,
    )
