"""Assembly of signing in by the organization's provider."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from aiohttp import web

from signaling.audit import SERVER
from storage.store import Records
from web import keys
from web.config import Config
from web.routes import public_address
from web.sign_in.oidc.provider import Provider


def add_provider(app: web.Application, config: Config) -> None:
    """Add the provider, if one is set. It is asked when somebody needs it, never at the start."""
    if config.oidc is None:
        return
    app[keys.PROVIDER] = provider = Provider(
        config.oidc,
        app[keys.CLOCK],
        app[keys.WAITS],
        public_address(config.public_url, "provider_callback"),
        public_address(config.public_url, "provider_signed_out"),
    )

    async def open_until_the_end(_: web.Application) -> AsyncIterator[None]:
        if provider.settings.only:
            end = partial(_end_other_ways, app[keys.CLOCK].now(), provider)
            with app[keys.STORE].starting():
                await app[keys.STORE].write(end)
        yield
        await provider.close()

    app.cleanup_ctx.append(open_until_the_end)


async def _end_other_ways(now: datetime, provider: Provider, records: Records) -> None:
    """Sign out whoever came otherwise, before the provider alone was to sign people in."""
    for account_id in await records.web_sessions.remove_of_other_ways(provider.settings.issuer):
        await records.audit.append(now, SERVER, "sign_out", account_id)
