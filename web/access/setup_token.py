"""The one-time address at which the first administrator is made."""

from hmac import compare_digest

from signaling.token import new_token


class SetupToken:
    """Lives in memory from start to use; a restart makes a new one while there is no account."""

    def __init__(self) -> None:
        self._token: str | None = None

    def make(self) -> str:
        self._token = new_token()
        return self._token

    def fits(self, token: str) -> bool:
        return self._token is not None and compare_digest(
            self._token.encode(), token.encode("utf-8", "surrogatepass")
        )

    def use_up(self) -> None:
        self._token = None
