"""`python -m web` serves until it is told to stop."""

import argparse
import asyncio
import logging
import signal
import socket
import sys

from storage.errors import StorageError
from web.app import create_app
from web.config import SETTINGS, Config, ConfigError, load, unknown_settings
from web.doorman import claim_descriptors, open_doors
from web.keys import SETUP_TOKEN, STORE
from web.logs import set_up
from web.routes import public_address

GRACE = 10.0
"Seconds that requests under way have when the server is told to stop."

_log = logging.getLogger("web")


def main() -> int:
    described = "\n".join(
        f"  {setting.name:34} {setting.meaning} [{setting.default or 'empty'}]"
        for setting in SETTINGS
    )
    argparse.ArgumentParser(
        prog="python -m web",
        description="Serves TeleConnect. Everything is set by the environment:",
        epilog=described,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    set_up()
    claim_descriptors()
    try:
        config = load()
        for name in unknown_settings():
            _log.warning("There is no setting %s; README.md lists those there are.", name)
        listeners = listen(config)
        if config.port == 0:
            config = load(port=listeners[0].getsockname()[1])
        asyncio.run(serve(config, listeners))
    except (ConfigError, StorageError) as error:
        print(f"TeleConnect cannot start. {error}", file=sys.stderr)
        return 1
    except OSError as error:
        reason = error.strerror or error
        print(f"TeleConnect cannot start. {error.filename or ''} {reason}", file=sys.stderr)
        return 1
    return 0


def listen(config: Config) -> list[socket.socket]:
    """Take the port, on IPv4 and IPv6 where no address is set. Raises ConfigError."""
    host = config.host
    families = [socket.AF_INET] if host and ":" not in host else [socket.AF_INET6]
    if host is None:
        families = [socket.AF_INET, socket.AF_INET6]
    listeners: list[socket.socket] = []
    port = config.port
    for family in families:
        address = host or ("0.0.0.0" if family == socket.AF_INET else "::")
        try:
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, port))
        except OSError as error:
            if listeners:  # a machine without IPv6
                continue
            raise ConfigError(
                f"Port {port} cannot be taken on {address}: {error.strerror}. Set PORT or "
                "TELECONNECT_HOST, or stop what uses it."
            ) from error
        listeners.append(listener)
        port = listener.getsockname()[1]
    return listeners


async def serve(config: Config, listeners: list[socket.socket]) -> None:
    """Serve until SIGTERM or SIGINT. Raises StorageError if the data cannot be used."""
    app = await create_app(config)
    runner = await open_doors(app, listeners, shutdown_timeout=GRACE)
    print(f"TeleConnect serves at {config.public_url}", flush=True)
    if not await app[STORE].read.accounts.exists():
        address = public_address(config.public_url, "setup", token=app[SETUP_TOKEN].make())
        print(f"Create the administrator's account at {address}", flush=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
