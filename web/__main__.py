"""`python -m web` serves until it is told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys

from storage.errors import StorageError
from storage.folder import OWNER_ONLY
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
    os.umask(OWNER_ONLY)
    claim_descriptors()
    try:
        config = load()
        for name in unknown_settings():
            _log.warning("There is no setting %s; README.md lists those there are.", name)
        check_streams()
        listeners = listen(config)
        if config.port == 0:
            config = load(port=listeners[0].getsockname()[1])
        asyncio.run(serve(config, listeners))
    except (ConfigError, StorageError) as error:
        return give_up(str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        return give_up(f"{error.filename}: {reason}." if error.filename else f"{reason}.")
    return 0


def give_up(sentence: str) -> int:
    """Tell the operator why nothing is served; the exit status."""
    print(f"TeleConnect cannot start. {sentence}", file=sys.stderr)
    return 1


def check_streams() -> None:
    """Raises ConfigError if there is nowhere to write to: a socket would take the place."""
    if sys.stdout is None:
        raise ConfigError(
            "Standard output is closed. The address of the first start is written there: let it "
            "lead to a file, a journal or /dev/null."
        )
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)


def say(line: str) -> None:
    """Write to standard output. Raises ConfigError."""
    try:
        print(line, flush=True)
    except OSError as error:
        # what is still in the buffer would be tried, and complained about, once more at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ConfigError(f"Standard output cannot be written: {error.strerror}.") from error


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
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = await create_app(config)
    runner = await open_doors(app, listeners, shutdown_timeout=GRACE)
    try:
        say(f"TeleConnect serves at {config.public_url}")
        with app[STORE].starting():
            is_new = not await app[STORE].read.accounts.exists()
        if is_new:
            address = public_address(config.public_url, "setup", token=app[SETUP_TOKEN].make())
            say(f"Create the administrator's account at {address}")
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
