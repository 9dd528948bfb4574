"""Whether somebody can sign in by a provider, and whether by that alone."""

from aiohttp import web

from signaling.errors import NotFound
from web.keys import PROVIDER
from web.sign_in.oidc.provider import Provider
from web.view_models import ProviderWay


def provider_of(request: web.Request) -> Provider:
    """The provider. Raises NotFound if there is none."""
    provider = request.app.get(PROVIDER)
    if provider is None:
        raise NotFound
    return provider


def provider_way_of(request: web.Request) -> ProviderWay | None:
    """How the sign-in page offers the provider; None if there is none."""
    provider = request.app.get(PROVIDER)
    return ProviderWay(provider.label, provider.settings.only) if provider else None
