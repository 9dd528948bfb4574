"""Development mode: files are read anew while the server runs, and nothing leaves this machine.

Only the flag `--development` of `python -m web` turns it on, no setting does, and only where nobody
but this machine reaches the server. Python is not read anew here: `scripts/serve --development`
starts the server again, and pages come back by themselves as after any restart. Relay workers end
with it, for the rooms in them are known to the process that started them; calls between two go on
from browser to browser.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from aiohttp import web

from web.config import LOOPBACK_HOSTS, Config, ConfigError
from web.keys import CATALOGS, STATIC
from web.texts import directions

_log = logging.getLogger(__name__)


def for_development(config: Config) -> Config:
    """The settings with every notice kept in the outbox. Raises ConfigError away from loopback."""
    if config.public_url.host not in LOOPBACK_HOSTS or not set(config.hosts) <= set(LOOPBACK_HOSTS):
        raise ConfigError(
            "--development serves this machine alone: TELECONNECT_PUBLIC_URL and TELECONNECT_HOST"
            " must be empty or name its loopback."
        )
    if find_spec("watchfiles") is None:
        raise ConfigError("--development needs the package watchfiles: scripts/setup --fast.")
    nothing_leaves = replace(config.delivery, smtp_url="", vonage_application_id="")
    return replace(config, delivery=nothing_leaves)


def follow_files(app: web.Application) -> None:
    """Read static files and catalogs anew whenever one changes, until the application ends."""
    app[STATIC].read_again(source_maps=True)
    app.cleanup_ctx.append(_following)


async def _following(app: web.Application) -> AsyncIterator[None]:
    following = asyncio.create_task(_follow(app), name="development")
    yield
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following


async def _follow(app: web.Application) -> None:
    from watchfiles import awatch  # of the extra "development" alone

    static = Path(str(files("web") / "static"))
    locales = Path(str(files("signaling") / "locales"))
    async for changes in awatch(static, locales):
        names = sorted({Path(path).name for _, path in changes})
        try:
            await asyncio.to_thread(_read_again, app)
        except Exception:  # a file that is half written, or wrong: the last good ones stay
            _log.exception("could not read %s", ", ".join(names))
        else:
            _log.info("read %s", ", ".join(names))


def _read_again(app: web.Application) -> None:
    app[CATALOGS].read_again()
    directions.table.cache_clear()
    app[STATIC].read_again(source_maps=True)
