"""A mail server as a process of its own: `python -m tests.notices.smtp_process LOG DELAY`.

Prints its port, then writes "recipient message-id" into LOG for every mail that it has taken, on
the disk before it says so.
"""

import asyncio
import os
import sys
from email import message_from_bytes
from typing import Any

from aiosmtpd.smtp import SMTP


class _Handler:
    def __init__(self, log: str, delay: float) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._delay = delay

    async def handle_DATA(self, smtp: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self._delay)
        message_id = message_from_bytes(envelope.content)["Message-ID"]
        os.write(self._log, f"{envelope.rcpt_tos[0]} {message_id}\n".encode())
        # the window between accepting and answering: a killed client never gets the answer
        await asyncio.sleep(self._delay / 4)
        return "250 OK"


async def main(log: str, delay: float) -> None:
    handler = _Handler(log, delay)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="localhost"), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
