"""Mail to somebody who signs in, about the account itself: on which occasions, and its texts.

Texts are Markdown with `$placeholders`, readable as plain text too, as those of notices; operators do
not change them. Each may have `$name`, the recipient's, `$service`, the host of this service, `$link`, an
address of it, `$now`, and `$until`, when that address is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from signaling.errors import N_
from signaling.notices.notice import Content

AccountOccasion = Literal[
    "invitation",
    "forgotten",
    "password_changed",
    "guessing",
    "access_granted",
    "access_requested",
    "factor_reset",
    "factor_added",
    "recovery_code_used",
    "wrong_codes",
    "deletion_requested",
    "session_shared",
    "session_handed_over",
]

WORTH_SENDING = timedelta(hours=24)
"How long a mail without a one-time address is tried."
GIVEN_BY_CALLER: Mapping[AccountOccasion, tuple[str, ...]] = {
    "invitation": ("person",),  # who invites
    "guessing": ("count", "networks"),
    "access_requested": ("person",),
    "recovery_code_used": ("count",),  # how many are left
    "deletion_requested": ("person",),
    "session_shared": ("person",),  # who shares it
    "session_handed_over": ("person",),  # who held it before
}
"Placeholders whose values come with the occasion; `person` is a name."


@dataclass(frozen=True)
class AccountText:
    subject: str
    mail: str
    label: str
    "The link's own words where a mail is shown as HTML."


SIGN_IN = N_("Sign in")
CHOOSE = N_("Choose a password")
OPEN = N_("Open the session")

ACCOUNT_TEXTS: Mapping[AccountOccasion, AccountText] = {
    "invitation": AccountText(
        subject=N_("Your account for $service"),
        mail=N_(
            "Hello $name,\n\n"
            "$person has made an account for you at $service.\n\n"
            "Open this link to choose your password and to sign in:\n\n"
            "$link\n\n"
            "The link works once, until $until. It is for you only. Please do not pass it on."
        ),
        label=CHOOSE,
    ),
    "forgotten": AccountText(
        subject=N_("A new password for $service"),
        mail=N_(
            "Hello $name,\n\n"
            "Somebody, probably you, has asked for a new password for your account at $service.\n\n"
            "Open this link to choose it:\n\n"
            "$link\n\n"
            "The link works once, until $until. It is for you only. Please do not pass it on.\n\n"
            "If you did not ask for it, you need not do anything: your password stays as it is."
        ),
        label=CHOOSE,
    ),
    "password_changed": AccountText(
        subject=N_("Your password was changed"),
        mail=N_(
            "Hello $name,\n\n"
            "The password of your account at $service was changed: $now.\n\n"
            "If it was you, you need not do anything. If it was not, please choose a new password"
            " at once with “Forgot your password?” on this page, and tell your administrator:\n\n"
            "$link"
        ),
        label=SIGN_IN,
    ),
    "guessing": AccountText(
        subject=N_("Wrong passwords for your account"),
        mail=N_(
            "Hello $name,\n\n"
            "Somebody has tried to sign in to your account at $service with a wrong password,"
            " $count times by now: $now. Number of networks that this came from: $networks.\n\n"
            "If it was you, and you do not remember your password, choose a new one with “Forgot"
            " your password?” on this page:\n\n"
            "$link\n\n"
            "If it was not you: nobody has signed in by this. A browser in which you have signed in"
            " before still lets you in at once; in another one you may have to wait a little."
            " A password that you use nowhere else, and a second step when signing in (see “Your"
            " profile”), protect it well."
        ),
        label=SIGN_IN,
    ),
    "access_granted": AccountText(
        subject=N_("You can sign in now"),
        mail=N_(
            "Hello $name,\n\nYour request was accepted: you can sign in to $service now.\n\n$link"
        ),
        label=SIGN_IN,
    ),
    "access_requested": AccountText(
        subject=N_("Somebody asks for access"),
        mail=N_(
            "Hello $name,\n\n"
            "$person would like to use $service and waits for an administrator's answer.\n\n"
            "You can accept or refuse it under Administration, Access requests:\n\n"
            "$link"
        ),
        label=N_("Access requests"),
    ),
    "factor_reset": AccountText(
        subject=N_("The second step of your sign-in was removed"),
        mail=N_(
            "Hello $name,\n\n"
            "An administrator has removed the second step with which you sign in to $service:"
            " $now. Your password alone is enough until you set one up again under “Your"
            " profile”.\n\n"
            "If you did not ask for it, please tell your administrator.\n\n"
            "$link"
        ),
        label=SIGN_IN,
    ),
    "factor_added": AccountText(
        subject=N_("A second step was added to your sign-in"),
        mail=N_(
            "Hello $name,\n\n"
            "A passkey or an authenticator app was added to your account at $service: $now.\n\n"
            "If it was you, you need not do anything. If it was not, please choose a new password"
            " at once with “Forgot your password?” on this page, and tell your administrator:\n\n"
            "$link"
        ),
        label=SIGN_IN,
    ),
    "recovery_code_used": AccountText(
        subject=N_("A recovery code was used to sign in"),
        mail=N_(
            "Hello $name,\n\n"
            "A recovery code was used to sign in to your account at $service: $now. Recovery codes"
            " left: $count.\n\n"
            "If it was you, you need not do anything; when few are left, make new ones under “Your"
            " profile”. If it was not, please choose a new password at once with “Forgot your"
            " password?” on this page, and tell your administrator:\n\n"
            "$link"
        ),
        label=SIGN_IN,
    ),
    "wrong_codes": AccountText(
        subject=N_("Wrong codes after your password"),
        mail=N_(
            "Hello $name,\n\n"
            "Somebody has typed your password for $service and then several wrong codes: $now."
            " Nobody has signed in by this.\n\n"
            "If it was you, you need not do anything. If it was not, somebody knows your password:"
            " please choose a new one at once with “Forgot your password?” on this page, and tell"
            " your administrator:\n\n"
            "$link"
        ),
        label=SIGN_IN,
    ),
    "deletion_requested": AccountText(
        subject=N_("Somebody asks for their account to be deleted"),
        mail=N_(
            "Hello $name,\n\n"
            "$person asks for their account at $service to be deleted.\n\n"
            "You can delete it under Administration, People:\n\n"
            "$link"
        ),
        label=N_("People"),
    ),
    "session_shared": AccountText(
        subject=N_("A session was shared with you"),
        mail=N_(
            "Hello $name,\n\n"
            "$person shares a session at $service with you. You can hold it together, or when"
            " $person is away.\n\n"
            "$link"
        ),
        label=OPEN,
    ),
    "session_handed_over": AccountText(
        subject=N_("A session was handed over to you"),
        mail=N_(
            "Hello $name,\n\n"
            "$person has handed a session at $service over to you. It is yours from now on.\n\n"
            "$link"
        ),
        label=OPEN,
    ),
}
"occasion -> its texts"


@dataclass(frozen=True)
class QueuedMail:
    """One mail about an account, from the moment it is queued until it is sent or over."""

    id: str
    "Its Message-ID derives from it, so every copy has the same one."
    account_id: str
    occasion: AccountOccasion
    address: str
    language: str
    content: Content
    created_at: datetime
    expires_at: datetime
    "No try after this: the address in it is over."
    tries: int = 0
    doubts: int = 0
    "Tries after which it may have arrived: the answer was lost, or the server died."

    @property
    def replaces_earlier(self) -> bool:
        """Whether earlier mails of this occasion are pointless now: their address is over."""
        return self.occasion in ("invitation", "forgotten")
