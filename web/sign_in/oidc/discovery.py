"""What a provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

from dataclasses import dataclass
from typing import Any

from yarl import URL

from signaling.identity import ProviderUnavailable
from web.environment.config_values import on_loopback

BASIC, POST = "client_secret_basic", "client_secret_post"
"How a client proves itself to the token endpoint (OpenID Connect Core, section 9)."


@dataclass(frozen=True)
class Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    "Empty if there is none."
    end_session_endpoint: str
    "Empty if there is none (RP-Initiated Logout 1.0)."
    authentication: str
    "BASIC or POST: how a secret is sent."
    names_issuer: bool
    "Whether every answer by way of the browser says whose it is (RFC 9207)."


def document_address(issuer: str) -> str:
    """Where a provider describes itself (section 4)."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def read_metadata(issuer: str, document: dict[str, Any]) -> Metadata:
    """Raises ProviderUnavailable for a document that is not this provider's, or cannot be used."""
    if document.get("issuer") != issuer:
        raise ProviderUnavailable(
            "the provider's document names another issuer than TELECONNECT_OIDC_ISSUER"
        )
    methods = document.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" not in methods:
        raise ProviderUnavailable("the provider takes no PKCE with S256")
    ways = document.get("token_endpoint_auth_methods_supported")
    only_post = isinstance(ways, list) and POST in ways and BASIC not in ways
    return Metadata(
        _endpoint(document, "authorization_endpoint"),
        _endpoint(document, "token_endpoint"),
        _endpoint(document, "jwks_uri"),
        _endpoint(document, "userinfo_endpoint", optional=True),
        _endpoint(document, "end_session_endpoint", optional=True),
        POST if only_post else BASIC,
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: dict[str, Any], name: str, *, optional: bool = False) -> str:
    address = document.get(name)
    if optional and not address:
        return ""
    try:
        url = URL(address) if isinstance(address, str) else URL()
    except ValueError:
        url = URL()
    safe = url.scheme == "https" or (url.scheme == "http" and on_loopback(url))
    if not url.host or not safe:
        raise ProviderUnavailable(f"{name} in the provider's document is no address with https")
    return str(address)
