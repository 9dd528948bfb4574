"""The driver's door for clients in Python; nothing but the standard library."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

WAIT = 30.0


class Door:
    """The place where offers come out, and answers and counts go in."""

    def __init__(self) -> None:
        """By the last arguments of the command line: the door's address and the client's name."""
        self._url, self._name = sys.argv[-3:-1]

    def _ask(self, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/{path}/{self._name}", data)
        with urllib.request.urlopen(request, timeout=WAIT) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None

    def offers(self) -> Iterator[dict[str, Any]]:
        """Each offer as it comes, until the driver says that it is over, or is gone."""
        while True:
            try:
                status, offer = self._ask("offer")
            except OSError:  # urllib's errors are some
                return
            if status == 200:
                yield offer

    def answer(self, revision: int, sdp: str) -> None:
        self._ask("answer", {"revision": revision, "sdp": sdp})

    def count(self, received: dict[int, int]) -> None:
        """Tell how many packets of each SSRC the present connection has received."""
        self._ask("counts", {"received": received})
