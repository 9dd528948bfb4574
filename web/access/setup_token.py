"""The token of the one-time address at which the first administrator's account is created."""

from hmac import compare_digest

from signaling.token import new_token


class SetupToken:
    """In memory from the start until its use; a restart makes a new one while there is no account."""

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
