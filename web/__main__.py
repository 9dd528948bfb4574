"""`python -m web`: serves until SIGTERM, SIGINT or SIGHUP."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from typing import Any

from aiohttp import web

from signaling.errors import Unavailable
from storage.data_folder import OWNER_ONLY
from storage.errors import StorageError
from web.app import create_app
from web.config import SETTINGS, Config, ConfigError, load, unknown_settings
from web.connections.http_server import claim_descriptors, start_server
from web.connections.listening import listen, shown
from web.development import follow_files, for_development
from web.hosts.starting import DRAIN_WITHIN, TLS, leave
from web.keys import SETUP_TOKEN, STORE
from web.logs import TextFormatter, set_level, set_up
from web.routes import public_address
from web.zones.rules import in_force

GRACE = 10.0
"Seconds that requests in progress have to finish when the server stops."

_log = logging.getLogger("web")


def main() -> int:
    described = "\n".join(
        f"  {setting.name:34} {setting.meaning} [{setting.default or 'empty'}]"
        for setting in SETTINGS
    )
    parser = argparse.ArgumentParser(
        prog="python -m web",
        description="Serves TeleConnect. Everything is set by the environment:",
        epilog=described,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--development",
        action="store_true",
        help="for work on the code, on this machine alone: logs are text with exceptions in full,"
        " static files and catalogs are read anew when they change, no notice leaves the machine",
    )
    development: bool = parser.parse_args().development
    gc.disable()  # what is loaded now stays: `keep_for_good`
    set_up(TextFormatter() if development else None)
    os.umask(OWNER_ONLY)
    claim_descriptors()
    try:
        check_streams()
        config = load()
        if development:
            config = for_development(config)
        set_level(config.log_level)
        for name in unknown_settings():
            _log.warning("There is no setting %s; README.md lists those there are.", name)
        listeners = listen(config)
        if config.port == 0:
            port = listeners[0].getsockname()[1]
            config = for_development(load(port=port)) if development else load(port=port)
        asyncio.run(serve(config, listeners, development=development))
    except (ConfigError, StorageError) as error:
        return give_up(str(error))
    except Unavailable as error:  # it went away, or lets no more in, after it was opened
        reason = str(error.__cause__ or error).rstrip(".")
        return give_up(f"The database that was opened does not answer any more: {reason}.")
    except OSError as error:
        reason = error.strerror or str(error)
        return give_up(f"{error.filename}: {reason}." if error.filename else f"{reason}.")
    return 0


def give_up(sentence: str) -> int:
    """Tell the operator why the server does not start. Returns the exit status."""
    print(f"TeleConnect cannot start. {sentence}", file=sys.stderr)
    return 1


def check_streams() -> None:
    """Keep sockets off the standard descriptors. Raises ConfigError without standard output."""
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        raise ConfigError(
            "Standard output is closed. The address of the first start is written there: let it "
            "lead to a file, a journal or /dev/null."
        )
    if sys.stderr is None:
        os.open(os.devnull, os.O_WRONLY)


def say(line: str) -> None:
    """Write to standard output. Raises ConfigError."""
    try:
        print(line, flush=True)
    except OSError as error:
        # else the interpreter flushes the buffer again at exit, and complains
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ConfigError(f"Standard output cannot be written: {error.strerror}.") from error


async def serve(
    config: Config, listeners: list[socket.socket], *, development: bool = False
) -> None:
    """Serve until a signal ends it. Raises StorageError if the data cannot be used."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ending_signals():
        loop.add_signal_handler(number, stop.set)
    if config.relays_only:
        from web.app_relay import (  # it imports the driver of PostgreSQL
            create_relay_host,
            leave_relay,
        )

        app, leaving = await create_relay_host(config), leave_relay
    else:
        app, leaving = await create_app(config), leave
    if development and not config.relays_only:
        follow_files(app)
    runner = await start_server(app, listeners, shutdown_timeout=GRACE, tls=app.get(TLS))
    keep_for_good()
    try:
        _log.info("Listening at %s", shown(listeners))
        if config.relays_only:
            say(f"TeleConnect relays calls for the hosts that reach it at {config.this_host.url}")
        else:
            await _say_where(app, config)
        await stop.wait()
        stop.clear()
        await _leave(leaving(app, DRAIN_WITHIN), stop)
    finally:
        await runner.cleanup()


def ending_signals() -> Iterator[signal.Signals]:
    """Those that end the server in order: SIGHUP too, of a terminal that is closed, unless nohup ignores it."""
    yield signal.SIGTERM
    yield signal.SIGINT
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        yield signal.SIGHUP


def keep_for_good() -> None:
    """Have the garbage collector leave alone what is there at the start: code, catalogs, routes.

    Otherwise each full collection goes through all of it, and everybody waits for 75 ms.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


async def _say_where(app: web.Application, config: Config) -> None:
    _log.info("Time zone rules are those of %s", in_force())
    say(f"TeleConnect serves at {config.public_url}")
    with app[STORE].starting():
        is_new = not await app[STORE].read.accounts.exists()
    if is_new:
        address = public_address(config.public_url, "setup", token=app[SETUP_TOKEN].make())
        say(f"Create the administrator's account at {address}")


async def _leave(left: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Give the rooms to the other hosts, if there are any; another signal ends the waiting."""
    leaving = asyncio.create_task(left)
    again = asyncio.create_task(stop.wait())
    await asyncio.wait({leaving, again}, return_when=asyncio.FIRST_COMPLETED)
    for task in (leaving, again):
        task.cancel()
    await asyncio.wait({leaving, again})


if __name__ == "__main__":
    sys.exit(main())
