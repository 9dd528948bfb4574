"""Password hashing: Argon2id, off the event loop, two at a time; and which passwords are taken.

Passwords are compared as RFC 8265 says (OpaqueString): spaces of all kinds are one, and an accent
is the same however a keyboard writes it. Hashes that were made of the text as it was typed still
fit.
"""

import asyncio
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from signaling.account import checked_password
from signaling.errors import N_, InvalidInput
from web.access.fair_queue import FairQueue

AT_ONCE = 2
"Each hash takes 64 MiB and a core for a quarter of a second: a flood must wait, not swap."
STRANGERS = 40
"Of browsers that never signed in here: some five seconds of waiting."
OF_ONE_NETWORK = 8
COME_BACK = timedelta(seconds=10)
"By then those who wait have been served."
HARD_TO_GUESS = 3
"Of zxcvbn's 0 to 4: more than 10^8 guesses for somebody who knows what people choose."
JUDGED = 24
"Characters that are judged: what is hard to guess so far stays so, and the rest costs seconds."


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """By default with the second choice of RFC 9106, section 4: 64 MiB, three passes."""
        self._hasher = hasher or PasswordHasher()
        self._queue = FairQueue(
            AT_ONCE, strangers=STRANGERS, of_one_network=OF_ONE_NETWORK, come_back=COME_BACK
        )
        # verified against when there is no such account, so that both take the same time
        self._nobody = self._hasher.hash("nobody signs in with this")

    async def choose(self, password: str, known: Iterable[str] = ()) -> str:
        """The hash of a new password. Raises InvalidInput if it is short, long or easy to guess.

        `known` is what anybody knows about its owner: names, addresses, the name of the service.
        """
        checked_password(_prepared(password))
        if await asyncio.to_thread(_easy, _prepared(password), _words(known)):
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
        """Whether the password is right; takes as long when there is no hash.

        A browser that is not known here waits with its `network`. Raises TooManyRequests if too
        many of these wait already.
        """
        async with self._queue.slot(network):
            right = await asyncio.to_thread(self._fits, hashed or self._nobody, password)
        return right and hashed is not None

    async def renewed(self, hashed: str, password: str) -> str | None:
        """A hash as it is made today, in place of one that fits and is not; None if it is."""
        old = self._hasher.check_needs_rehash(hashed)
        if not old and len(_spellings(password)) > 1:
            async with self._queue.slot():
                old = not await asyncio.to_thread(self._verify, hashed, _prepared(password))
        return await self.hash(password) if old else None

    def _fits(self, hashed: str, password: str) -> bool:
        return any(self._verify(hashed, each) for each in _spellings(password))

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _prepared(password: str) -> str:
    """OpaqueString of RFC 8265, section 4.2: every space is U+0020, then NFC."""
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced)


def _spellings(password: str) -> list[str]:
    """What may have been hashed for it: the prepared text, or what some keyboard typed before."""
    decomposed = unicodedata.normalize("NFD", password)
    return list(dict.fromkeys((_prepared(password), password, decomposed)))


def _words(known: Iterable[str]) -> list[str]:
    """Whole and in parts: "Nurse Joy" is known, and so are "Nurse", "Joy" and "NurseJoy"."""
    words: set[str] = set()
    for text in known:
        parts = "".join(each if each.isalnum() else " " for each in text).split()
        words |= {text, "".join(parts), *parts}
    return sorted(word for word in words if len(word) > 2)


def _easy(password: str, known: list[str]) -> bool:
    """Whether somebody who knows what people choose finds it soon, as it is or its letters alone."""
    letters = "".join(each for each in password if each.isalnum())
    spellings = {password[:JUDGED], letters[:JUDGED]} - {""}
    return any(_score(each, known) < HARD_TO_GUESS for each in spellings)


def _score(password: str, known: list[str]) -> int:
    from zxcvbn import zxcvbn  # 12 MB of words that hardly any day needs

    score: int = zxcvbn(password, user_inputs=known)["score"]
    return score
