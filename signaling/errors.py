"""What can go wrong, as one tree.

TeleConnectError
├── InvalidInput            400  a field of a form or message is invalid
│   ├── DoubtfulContact     400  a number that needs to be confirmed
│   └── InvalidMessage      400  a malformed or unknown socket message
├── SignInRequired          401  nobody is signed in, or the seat was lost
│   └── SecondFactorMissing 401  signed in, but must set up a second factor first
├── WebhookRefused          401  a webhook that is not authenticated
├── NotAllowed              403  signed in, but not permitted
├── ForgedOrigin            403  the request does not come from a page of this server
├── NotFound                404  does not exist, or not for this person: never said which
├── Conflict                409  valid request, wrong moment
│   ├── TransitionRefused   409  a life cycle has no such step
│   ├── NobodyThere         409  a session is started while the other side is away
│   ├── AlreadyAnswered     409  another answer came first
│   ├── ChatFull            409  the session's chat is at its limit
│   └── CallsFull           409  this participant's commands are at their limit
├── InviteNotUsable         410  revoked, expired, or the consultation is over
│   └── SessionClosed       410  closed, and its scheduler may reopen it
├── TooLarge                413
├── WrongMediaType          415  a body of a type that this address does not accept
├── TooManyRequests         429
│   ├── TooMuchSent         429  more than a scheduler sends within an hour
│   └── TooMuchForOne       429  more than one address is sent within an hour
├── FileRefused                  a photo or PDF that is not taken, each with what to do about it
│   ├── FileTooLate         410  the session ended meanwhile
│   ├── FileNotAccepted     415  neither a photo nor a PDF
│   ├── FileNeedsExport     415  a picture in a format that nothing here reads
│   ├── FileHdr             415  a picture whose colors would be wrong
│   ├── FileTooLarge        413  more bytes than a file may have
│   ├── FileTooManyPixels   413
│   ├── FilesFull           413  the files of the session are at their limit
│   ├── FileIncomplete      422  not the bytes that its author has
│   ├── FileUnreadable      422
│   ├── PdfPassword         422
│   ├── PdfNoPages          422
│   ├── FileInfected        422  the virus scanner's answer
│   ├── ScannerUnavailable  422  the virus scanner gives no answer
│   └── UploadsFull         429  more uploads at once than one author may have
├── ChecksumMismatch        460  part of a file arrived with an error, and was dropped
└── Unavailable             503  temporarily impossible: disk full, stopping
    ├── HostAway            503  the host that owns the session's room does not answer
    ├── ReportNotDrawn      503  drawing a report failed or took too long
    └── ReportsBusy         503  others' reports are being drawn

An error holds data and a sentence from the catalogs; only `web/http/errors.py` turns it into a
page, JSON or a close code. `code` is stable and part of PROTOCOL.md.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import ClassVar, Self


def N_(text: str) -> str:
    """Mark a sentence for the catalogs without translating it yet."""
    return text


def Nn_(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence in singular and plural for the catalogs without translating it yet."""
    return one, many


class TeleConnectError(Exception):
    """The root; never raised itself."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    sentence: str = N_("Something went wrong on our side. Please try again.")

    def __init__(self, sentence: str | None = None, **values: object) -> None:
        if sentence is not None:
            self.sentence = sentence
        self.values = values
        super().__init__(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence % self.values if self.values else self.sentence}"


class InvalidInput(TeleConnectError):
    """An invalid value; `field` names the form field or message member."""

    code = "invalid_input"
    status = 400
    sentence = N_("Please check what you entered.")

    def __init__(self, field: str, sentence: str | None = None, **values: object) -> None:
        self.field = field
        super().__init__(sentence, **values)

    def at(self, field: str, **values: object) -> Self:
        """The same error at another field; `values` replace those of its sentence."""
        moved = type(self).__new__(type(self), *self.args)
        moved.__dict__ |= self.__dict__ | {"field": field, "values": self.values | values}
        return moved


class DoubtfulContact(InvalidInput):
    """A number that needs to be confirmed: it looks wrong, or another may be meant."""

    def __init__(
        self,
        field: str,
        sentence: str,
        offers: Sequence[str] = (),
        region: str = "",
        understood: str = "",
        **values: object,
    ) -> None:
        """`offers` are E.164 numbers to choose from; `understood` is the one as typed."""
        self.offers = tuple(offers)
        self.region = region
        self.understood = understood
        number = self.offers[0] if self.offers else understood
        super().__init__(field, sentence, country=region, number=number, **values)

    def __str__(self) -> str:
        return self.code  # the sentence may hold the number, and this is for logs


class InvalidMessage(InvalidInput):
    """A socket message that is malformed, unknown, or has unknown or overlong members."""

    code = "invalid_message"
    sentence = N_("This page is out of date. Please reload it.")

    def __init__(self) -> None:
        super().__init__("message")


class SignInRequired(TeleConnectError):
    code = "sign_in_required"
    status = 401
    sentence = N_("Please sign in.")


class SecondFactorMissing(SignInRequired):
    code = "second_factor_missing"
    sentence = N_("Please set up a second step for signing in first.")


class WebhookRefused(TeleConnectError):
    """The request is not proven to come from the provider; `values["problem"]` is for the log."""

    code = "webhook_refused"
    status = 401
    sentence = N_("This request is not signed by the message provider.")

    def __init__(self, problem: str) -> None:
        super().__init__(problem=problem)


class NotAllowed(TeleConnectError):
    code = "not_allowed"
    status = 403
    sentence = N_("You are not allowed to do this.")


class ForgedOrigin(TeleConnectError):
    code = "forged_origin"
    status = 403
    sentence = N_("This was not sent from a page of this service. Please go back and try again.")


class NotFound(TeleConnectError):
    code = "not_found"
    status = 404
    sentence = N_("This page does not exist.")


class Conflict(TeleConnectError):
    code = "conflict"
    status = 409
    sentence = N_("This has changed in the meantime. Please reload the page to see how it is now.")


class TransitionRefused(Conflict):
    """A life cycle has no such step; holds the noun, its state and the event."""

    code = "transition_refused"

    def __init__(self, noun: str, state: str, event: str) -> None:
        self.noun, self.state, self.event = noun, state, event
        super().__init__()


class NobodyThere(Conflict):
    code = "nobody_there"
    sentence = N_("The session cannot start yet: the other person is not connected.")


class AlreadyAnswered(Conflict):
    code = "already_answered"
    sentence = N_("Somebody has already answered.")


class ChatFull(Conflict):
    code = "chat_full"
    sentence = N_(
        "This chat is full, so nothing more can be sent here. To go on writing, a new session is needed."
    )


class CallsFull(Conflict):
    code = "calls_full"
    sentence = N_("You cannot join any more calls in this session. A new session is needed.")


class InviteNotUsable(TeleConnectError):
    code = "invite_not_usable"
    status = 410
    sentence = N_("Please ask the person who invited you for a new link.")


class SessionClosed(InviteNotUsable):
    """For whoever holds a seat there; a link alone does not reveal it."""

    code = "session_closed"


class TooLarge(TeleConnectError):
    code = "too_large"
    status = 413
    sentence = N_("This is too large to be sent.")


class WrongMediaType(TeleConnectError):
    code = "wrong_media_type"
    status = 415
    sentence = N_("The server does not accept this format.")


class FileRefused(TeleConnectError):
    """A photo or PDF that is not taken; never raised itself. Sentences say what to do."""


class FileTooLate(FileRefused):
    code = "file_too_late"
    status = 410
    sentence = N_(
        "The session is over, so the file was not sent. To send it, a new session is needed."
    )


class FileNotAccepted(FileRefused):
    code = "file_not_accepted"
    status = 415
    sentence = N_("This is neither a photo nor a PDF. Please send a photo or a PDF.")


class FileNeedsExport(FileRefused):
    code = "file_needs_export"
    status = 415
    sentence = N_(
        "This kind of picture cannot be shown here."
        " Please export it as PNG or PDF, and send the new file."
    )


class FileHdr(FileRefused):
    code = "file_hdr"
    status = 415
    sentence = N_(
        "The colors of this HDR picture would be wrong here."
        " Please export it as JPEG or PNG without HDR, and send the new file."
    )


class FileTooLarge(FileRefused):
    """Takes `values["megabytes"]`."""

    code = "file_too_large"
    status = 413
    sentence = N_("This file is larger than %(megabytes)s MB. Please send a smaller one.")


class FileTooManyPixels(FileRefused):
    code = "file_too_many_pixels"
    status = 413
    sentence = N_(
        "This picture is too large to be shown. Please make it smaller, and send the new file."
    )


class FilesFull(FileRefused):
    """Takes `values["megabytes"]`."""

    code = "files_full"
    status = 413
    sentence = N_(
        "The files of this session have reached %(megabytes)s MB, so this one does not fit."
        " To send more, a new session is needed."
    )


class FileIncomplete(FileRefused):
    code = "file_incomplete"
    status = 422
    sentence = N_("The file did not arrive complete. Please send it again.")


class FileUnreadable(FileRefused):
    code = "file_unreadable"
    status = 422
    sentence = N_(
        "This file cannot be read. It may be damaged."
        " Please save it again as JPEG, PNG or PDF, and send the new file."
    )


class PdfPassword(FileRefused):
    code = "pdf_password"
    status = 422
    sentence = N_(
        "This PDF opens only with a password."
        " Please save it without the password, and send the new file."
    )


class PdfNoPages(FileRefused):
    code = "pdf_no_pages"
    status = 422
    sentence = N_("This PDF has no pages. Please make it again, and send the new file.")


class FileInfected(FileRefused):
    code = "file_infected"
    status = 422
    sentence = N_(
        "The virus scanner found something dangerous in this file, so it was not sent."
        " Please send another file."
    )


class ScannerUnavailable(FileRefused):
    code = "scanner_unavailable"
    status = 422
    sentence = N_(
        "The virus scanner does not answer, so no files can be sent right now."
        " Please try again in a few minutes."
    )


class UploadsFull(FileRefused):
    """Takes `values["number"]`."""

    code = "uploads_full"
    status = 429
    sentence = N_(
        "No more than %(number)s files can be sent at once."
        " Please wait until some have arrived, and send this one again."
    )


class ChecksumMismatch(TeleConnectError):
    """Part of an upload is not what its checksum says; the status is that of tus."""

    code = "checksum_mismatch"
    status = 460
    sentence = FileIncomplete.sentence


class TooManyRequests(TeleConnectError):
    """Rate limited: the next attempt is accepted after `wait`.

    `counted` are the sentences for one minute and for more; they take `values["minutes"]`.
    """

    code = "too_many_requests"
    status = 429
    sentence = N_("Too many attempts. Please wait a few minutes and try again.")
    counted = Nn_(
        "Too many attempts. Please try again in %(minutes)s minute.",
        "Too many attempts. Please try again in %(minutes)s minutes.",
    )

    def __init__(self, wait: timedelta = timedelta(), **values: object) -> None:
        self.seconds = ceil(wait.total_seconds())
        self.amount = self.minutes = max(1, ceil(self.seconds / 60))
        "Of what `counted` counts."
        super().__init__(None, minutes=self.minutes, **values)


class TooManyGuesses(TooManyRequests):
    """Wrong passwords: the next attempt is admitted after `wait`, told in seconds if it is short."""

    sentence = N_("There were too many wrong passwords. Please wait a few minutes and try again.")
    counted = Nn_(
        "There were too many wrong passwords. Please try again in %(minutes)s minute.",
        "There were too many wrong passwords. Please try again in %(minutes)s minutes.",
    )
    counted_seconds = Nn_(
        "There were too many wrong passwords. Please try again in %(seconds)s second.",
        "There were too many wrong passwords. Please try again in %(seconds)s seconds.",
    )

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait, seconds=ceil(wait.total_seconds()))
        if self.seconds < 60:
            self.counted, self.amount = self.counted_seconds, self.seconds


class TooMuchSent(TooManyRequests):
    """A scheduler has requested as many notices as are allowed within an hour."""

    sentence = N_("You have reached the limit of messages for one hour.")
    counted = Nn_(
        "You have reached the limit of messages for one hour."
        " Please try again in %(minutes)s minute.",
        "You have reached the limit of messages for one hour."
        " Please try again in %(minutes)s minutes.",
    )


class TooMuchForOne(TooManyRequests):
    """One address was sent as many notices as are allowed within an hour."""

    sentence = N_("%(name)s has already been sent as many messages as are allowed within an hour.")
    counted = Nn_(
        "%(name)s has already been sent as many messages as are allowed within an hour."
        " Please try again in %(minutes)s minute.",
        "%(name)s has already been sent as many messages as are allowed within an hour."
        " Please try again in %(minutes)s minutes.",
    )


class Unavailable(TeleConnectError):
    code = "unavailable"
    status = 503
    sentence = N_("The server cannot store this right now. Nothing was lost; please try again.")


class HostAway(Unavailable):
    retry_after = 1


class ReportNotDrawn(Unavailable):
    sentence = N_("The report could not be made this time. Nothing was lost; please try again.")


class ReportsBusy(Unavailable):
    """No worker was free in time; `retry_after` is in seconds."""

    retry_after = 30
    sentence = N_("Other reports are being made right now. Please try again in a minute.")
