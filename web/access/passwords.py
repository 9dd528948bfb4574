"""Password hashing: Argon2id, off the event loop, two at a time; and which passwords are accepted.

Passwords are prepared as NIST SP 800-63B section 3.1.1.2 recommends: in NFKC, so that what one keyboard
composes another can type, and with one kind of space. Hashes of earlier preparations, and of the text as
it was typed, still match.
"""

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from signaling.account import LONGEST_TYPED, checked_password
from signaling.errors import N_, InvalidInput
from web.access.fair_queue import FairQueue

AT_ONCE = 2
"Each hash takes 64 MiB and a core for a quarter of a second: a flood must queue, not swap."
STRANGERS = 40
"Queued sign-ins of browsers that are not known here: some five seconds of waiting."
OF_ONE_NETWORK = 8
COME_BACK = timedelta(seconds=10)
"By then the queue has been served."
HARD_TO_GUESS = 3
"Of zxcvbn's 0 to 4: more than 10^8 guesses for somebody who knows what people choose."
JUDGED = 24
"Characters that are scored: a strong beginning stays strong, and scoring the rest takes seconds."


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """By default with the second choice of RFC 9106, section 4: 64 MiB, three passes."""
        self._hasher = hasher or PasswordHasher()
        self._queue = FairQueue(
            AT_ONCE, strangers=STRANGERS, of_one_network=OF_ONE_NETWORK, come_back=COME_BACK
        )
        # verified against where there is no such account, so that both take the same time
        self._nobody = _hash_of_nobody(self._hasher)

    async def choose(self, password: str, known: Iterable[str] = ()) -> str:
        """The hash of a new password. Raises InvalidInput if it is short, long or easy to guess.

        `known` is what anybody knows about its owner: names, addresses, the name of the service.
        """
        prepared = _prepared(_encodable(password))
        checked_password(prepared)
        if await asyncio.to_thread(_easy, prepared, _words(known)):
            raise InvalidInput(
                "password",
                N_(
                    "This password is easy to guess. Please choose another one:"
                    " a few unrelated words work well."
                ),
            )
        return await self.hash(password)

    async def hash(self, password: str) -> str:
        async with self._queue.slot():
            return await asyncio.to_thread(self._hasher.hash, _prepared(password))

    async def verify(self, hashed: str | None, password: str, network: str | None = None) -> bool:
        """Whether the password is right; takes equally long without a hash.

        A browser that is not known here queues by its `network`. Raises TooManyRequests if too
        many of these are queued.
        """
        typed = "" if len(password) > LONGEST_TYPED else password
        async with self._queue.slot(network):
            right = await asyncio.to_thread(self._fits, hashed or self._nobody, typed)
        return right and hashed is not None

    async def renewed(self, hashed: str, password: str) -> str | None:
        """A new hash for one with outdated parameters or spelling; None if it is current."""
        old = self._hasher.check_needs_rehash(hashed)
        if not old and len(_spellings(password)) > 1:
            async with self._queue.slot():
                old = not await asyncio.to_thread(self._verify, hashed, _prepared(password))
        return await self.hash(password) if old else None

    def _fits(self, hashed: str, password: str) -> bool:
        return any(self._verify(hashed, each) for each in _spellings(password))

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """A hash that no password fits and that costs what others cost to verify; not computed."""
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


def _encodable(password: str) -> str:
    """The text, unless it cannot be hashed. Raises InvalidInput for half a surrogate pair."""
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("password") from None
    if len(password) > LONGEST_TYPED:
        checked_password("x" * len(password))
    return password


def _prepared(password: str) -> str:
    return unicodedata.normalize("NFKC", _with_one_space(password))


def _with_one_space(password: str) -> str:
    return "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)


def _spellings(password: str) -> list[str]:
    """What may have been hashed: the prepared text, that of OpaqueString (RFC 8265), which was used
    before, or the text as a keyboard typed it."""
    before = unicodedata.normalize("NFC", _with_one_space(password))
    decomposed = unicodedata.normalize("NFD", password)
    return list(dict.fromkeys((_prepared(password), before, password, decomposed)))


def _words(known: Iterable[str]) -> list[str]:
    """Known words, whole and in parts: of "Nurse Joy" also "Nurse", "Joy" and "NurseJoy"."""
    words: set[str] = set()
    for text in known:
        parts = "".join(each if each.isalnum() else " " for each in text).split()
        words |= {text, "".join(parts), *parts}
    return sorted(word for word in words if len(word) > 2)


def _easy(password: str, known: list[str]) -> bool:
    """Whether it is easy to guess, as it is or by its letters and digits alone."""
    letters = "".join(each for each in password if each.isalnum())
    spellings = {password[:JUDGED], letters[:JUDGED]} - {""}
    return any(_score(each, known) < HARD_TO_GUESS for each in spellings)


def _score(password: str, known: list[str]) -> int:
    from zxcvbn import zxcvbn  # late: 12 MB of words that are rarely needed

    score: int = zxcvbn(password, user_inputs=known)["score"]
    return score
