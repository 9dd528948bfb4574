"""The settings of signing in by the organization's provider (OpenID Connect)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from signaling.identity import Admission
from web.environment import config_values as read
from web.environment.config_values import ConfigError, Setting

OIDC_SETTINGS = (
    Setting(
        "TELECONNECT_OIDC_ISSUER",
        "",
        "Address of the organization's provider of sign-in (OpenID Connect), as it names itself;"
        " empty: passwords alone. http is taken on this machine only.",
    ),
    Setting("TELECONNECT_OIDC_CLIENT_ID", "", "Name by which the provider knows this server."),
    Setting(
        "TELECONNECT_OIDC_CLIENT_SECRET",
        "",
        "Secret that goes with it; empty: a public client, protected by PKCE alone.",
        secret=True,
    ),
    Setting(
        "TELECONNECT_OIDC_SCOPES",
        "openid profile email",
        "What the provider is asked to tell, separated by spaces.",
    ),
    Setting(
        "TELECONNECT_OIDC_LABEL",
        "",
        "Name of the provider, as in Sign in with NAME; empty: its host.",
    ),
    Setting(
        "TELECONNECT_OIDC_ONLY",
        "no",
        "yes: accounts sign in by the provider alone, and the sign-in page leads straight to it.",
    ),
    Setting(
        "TELECONNECT_OIDC_ALLOW",
        "",
        "Who may come in, separated by commas: domains of email addresses, or claim=value; one must"
        " apply. Empty: everybody whom the provider signs in.",
    ),
    Setting(
        "TELECONNECT_OIDC_ADMINISTRATORS",
        "",
        "Who is an administrator, as claim=value, separated by commas, looked at at each sign-in;"
        " empty: administrators decide.",
    ),
    Setting(
        "TELECONNECT_OIDC_NEW_ACCOUNTS",
        "create",
        "Who comes for the first time: create makes the account, request asks an administrator.",
    ),
)


@dataclass(frozen=True)
class OidcSettings:
    """Checked settings."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    "Empty for a public client."
    scopes: str
    label: str
    only: bool
    admission: Admission


def read_oidc(
    values: Mapping[str, str], given: Callable[[str, Callable[[str], Any]], Any]
) -> OidcSettings | None:
    """None without an issuer. Raises ConfigError."""
    issuer = given("TELECONNECT_OIDC_ISSUER", read.issuer)
    only = given("TELECONNECT_OIDC_ONLY", read.yes_or_no)
    if values["TELECONNECT_OIDC_NEW_ACCOUNTS"] not in ("create", "request"):
        raise ConfigError("TELECONNECT_OIDC_NEW_ACCOUNTS must be create or request.")
    admission = Admission(
        given("TELECONNECT_OIDC_ALLOW", read.conditions) or (),
        given("TELECONNECT_OIDC_ADMINISTRATORS", read.claim_conditions) or (),
        "request" if values["TELECONNECT_OIDC_NEW_ACCOUNTS"] == "request" else "create",
    )
    scopes = given("TELECONNECT_OIDC_SCOPES", read.scopes)
    if issuer is None:
        for setting in OIDC_SETTINGS:
            if values[setting.name] != setting.default:
                raise ConfigError(f"{setting.name} is set, and TELECONNECT_OIDC_ISSUER not.")
        return None
    if not values["TELECONNECT_OIDC_CLIENT_ID"]:
        raise ConfigError("TELECONNECT_OIDC_CLIENT_ID is missing.")
    return OidcSettings(
        issuer=issuer,
        client_id=values["TELECONNECT_OIDC_CLIENT_ID"],
        client_secret=values["TELECONNECT_OIDC_CLIENT_SECRET"],
        scopes=scopes,
        label=given("TELECONNECT_OIDC_LABEL", read.brand) or URL(issuer).host or "",
        only=only,
        admission=admission,
    )
