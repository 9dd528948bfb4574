"""A mail server that accepts everything and keeps nothing, in a process of its own.

`python -m scripts.traffic.smtp_sink COUNT` prints its port, then, once COUNT mails came, one
line of JSON: when the first and the last one were there, and how many different Message-IDs.
"""

import asyncio
import json
import re
import sys
import time

MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


async def serve(count: int) -> None:
    """RFC 5321 as far as one well-behaved client needs it."""
    arrivals: list[float] = []
    message_ids: set[bytes] = set()
    complete = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            command = line[:4].upper()
            if command == b"EHLO":
                writer.write(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
            elif command == b"DATA":
                writer.write(b"354 go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                if found := MESSAGE_ID.search(mail):
                    message_ids.add(found[1])
                arrivals.append(time.monotonic())
                writer.write(b"250 taken\r\n")
                if len(arrivals) >= count:
                    complete.set()
            elif command == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await complete.wait()
    figures = {
        "mails": len(arrivals),
        "seconds": arrivals[-1] - arrivals[0],
        "message_ids": len(message_ids),
    }
    print(json.dumps(figures), flush=True)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
