"""Assembly of signing in by the organization's provider."""

from collections.abc import AsyncIterator

from aiohttp import web

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
        yield
        await provider.close()

    app.cleanup_ctx.append(open_until_the_end)
