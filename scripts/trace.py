"""The SDP and RTCP of one session at the relay: `python -m scripts.trace SESSION_ID`.

Asks the running server on this machine over a socket in its data folder, and prints what passes
while it runs. Without an id the open rooms are listed.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec

from web.calls.relay_trace import LONGEST_TRACE, SOCKET_NAME, TraceRequest
from web.config import ConfigError, load

LONGEST_LINE = 1 << 20


async def trace(data_dir: Path, request: TraceRequest) -> None:
    """Print the trace until it ends. Raises OSError if no server answers."""
    reader, writer = await asyncio.open_unix_connection(data_dir / SOCKET_NAME, limit=LONGEST_LINE)
    try:
        writer.write(msgspec.json.encode(request) + b"\n")
        while line := await reader.readline():
            print(line.decode().rstrip("\n"), flush=True)
    finally:
        writer.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.trace", description=__doc__)
    parser.add_argument("id", nargs="?", default="", help="of a session or of a room at the relay")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help=f"at most {LONGEST_TRACE:.0f}; 60 if not given"
    )
    options = parser.parse_args()
    try:
        asyncio.run(trace(load().data_dir, TraceRequest(options.id, options.seconds)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"No server answers in the data folder: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
