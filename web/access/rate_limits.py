"""Rate limits per network and per account, in memory: their windows are at most an hour.

What wrong passwords cost is in `web/sign_in/throttling.py`.

Windows are measured by a steady clock, so that a step of the wall clock neither opens one nor locks
anybody out. `limits` parses the notation; its memory storage follows the wall clock and scans all
windows at every hit, so the windows are kept here.
"""

from bisect import bisect_right
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256

from limits import RateLimitItem, parse

from signaling.errors import TooManyRequests
from web.access.growing_delays import Steady

LIMITS: dict[str, RateLimitItem] = {
    # a web session each; a whole clinic may come back from lunch through one address
    "provider": parse("300/5minutes"),
    # 128-bit tokens cannot be guessed; this keeps guessing from being a load
    "unknown_link": parse("60/minute"),
    # Taking one link's seat from another browser, which adds two rows: from one network, and from
    # all. People change phones and clear cookies a few times a day.
    "join_network": parse("20/hour"),
    "join": parse("60/hour"),
    # One test makes some eight requests of at most 2 MB: by one browser, link or account, and by all of
    # one network, as of a hospital that is behind one address.
    "device_test": parse("120/minute"),
    "device_test_network": parse("600/minute"),
    # One test makes one; nobody may take all places for connectivity checks.
    "relay_trial": parse("10/minute"),
    "relay_trial_network": parse("60/minute"),
    # any post without signing in, before it is read: three hundred people of a clinic join within a
    # minute, each with a device test
    "form": parse("2400/minute"),
    # The same of one browser that has a seat or is signed in, and of one link: however much is sent
    # from their network, they can still write, and come in.
    "known_form": parse("240/minute"),
    "linked_form": parse("60/minute"),
    # forms beyond a limit that are read to show them again, of one network
    "returned_form": parse("600/minute"),
    # receipts of thousands of messages come from a few addresses
    "webhook": parse("6000/minute"),
    "invite": parse("120/minute"),
    # presses of one participant, of whom one line stands in the chat until it is answered
    "phone_call": parse("20/hour"),
    # One participant's messages by a form, each of which is a page as well
    "plain_message": parse("60/minute"),
    # The same, and files, before a part of the form is read
    "plain_form": parse("120/minute"),
    # One browser's pages without scripts: each frame refreshes four times a minute, and each form
    # that is sent shows page and frame again.
    "plain_page": parse("300/minute"),
    # The same by one network's browsers without a web session, to which such a page shows nothing. Apart
    # from forms: any site can have its readers ask for it, and nobody there could join any more.
    "unseated_page": parse("2400/minute"),
    # the same, by a worker that sends what was written without a line, one after the other
    "kept_message": parse("300/minute"),
    # One participant's files: ten of 20 MB in pieces of 64 kB at once are some three thousand
    # requests, on a fast line within minutes; new ones; pages of PDFs that have to be drawn.
    "upload": parse("3000/minute"),
    "new_upload": parse("120/10minutes"),
    "page_picture": parse("240/minute"),
    # Codes of an authenticator app after a right password: five of a million fit at any time. For
    # one account by each browser that has signed in before, and by all others together.
    "guess_code": parse("10/hour"),
    # Wrong codes at one account beyond these are told to its owner by mail, which counts as well.
    "wrong_codes": parse("4/hour"),
    "wrong_codes_told": parse("1/hour"),
    # Signatures cannot be guessed; this keeps guessing from being a load. Each sign-in page that is
    # opened asks once.
    "passkey": parse("600/minute"),
    # somebody's wishes to be deleted, each a mail to every administrator
    "ask_deletion": parse("3/hour"),
    # an administrator's, each of which may cost money
    "test_message": parse("10/hour"),
    # Somebody signed in, or with a password link; each try costs a core a quarter of a second.
    "choose_password": parse("10/15minutes"),
    # Mails to one address, and from one network: a clinic shares one. Counted whether or not there is
    # an account.
    "forgotten_address": parse("3/hour"),
    "forgotten_network": parse("30/hour"),
}
LONGEST = timedelta(seconds=max(item.get_expiry() for item in LIMITS.values()))


class RateLimits:
    """Sliding windows: at most so many within the last minutes."""

    def __init__(self, clock: Steady) -> None:
        self._clock = clock
        self._windows: OrderedDict[tuple[str, bytes], list[datetime]] = OrderedDict()
        "(limit, digest of who) -> times, oldest first. Keys in the order of their last hit."

    async def hit(self, name: str, who: str) -> None:
        """Count one attempt. Raises TooManyRequests with the time until the next."""
        if wait := self.take(name, who):
            raise TooManyRequests(wait)

    async def check(self, name: str, who: str) -> None:
        """Raises TooManyRequests if the limit is used up; counts nothing."""
        if wait := self._wait(name, self._window(name, who)):
            raise TooManyRequests(wait)

    def take(self, name: str, who: str) -> timedelta:
        """Count one attempt. Returns how long to wait if the limit is used up; zero if it counted."""
        self._forget()
        window = self._window(name, who)
        if wait := self._wait(name, window):
            return wait
        window.append(self._clock.now())
        key = (name, _digest(who))
        self._windows[key] = window
        self._windows.move_to_end(key)
        return timedelta()

    def give_back(self, name: str, who: str) -> None:
        """Uncount the latest attempt."""
        if window := self._windows.get((name, _digest(who))):
            window.pop()

    def forget(self, name: str, who: str) -> None:
        """Forget all attempts, after a success."""
        self._windows.pop((name, _digest(who)), None)

    def rename(self, name: str, before: str, after: str) -> None:
        """Count what was counted for `before` for `after` from now on."""
        if (window := self._windows.pop((name, _digest(before)), None)) is not None:
            self._windows[name, _digest(after)] = window

    def _window(self, name: str, who: str) -> list[datetime]:
        """The attempts that are still within the window."""
        window = self._windows.get((name, _digest(who)), [])
        start = self._clock.now() - timedelta(seconds=LIMITS[name].get_expiry())
        del window[: bisect_right(window, start)]
        return window

    def _wait(self, name: str, window: list[datetime]) -> timedelta:
        item = LIMITS[name]
        if len(window) < item.amount:
            return timedelta()
        return window[-item.amount] + timedelta(seconds=item.get_expiry()) - self._clock.now()

    def _forget(self) -> None:
        """Drop keys whose last hit is older than the longest window."""
        start = self._clock.now() - LONGEST
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if window and window[-1] > start:
                return
            del self._windows[key]


def _digest(who: str) -> bytes:
    """Typed names may be long, and must not be kept in memory."""
    return sha256(who.encode("utf-8", "surrogatepass")).digest()
