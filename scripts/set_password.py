"""Give an account another password: `python -m scripts.set_password --email E --link`.

For the operator, when nobody can sign in to make such a link, or when the only administrator has lost
the phone (`--reset-factors`). The server may be running.
"""

import argparse
import asyncio
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

from signaling.audit import SCRIPT
from signaling.errors import N_, NotAllowed, NotFound, TeleConnectError
from signaling.flows.people.account_mail import AccountMail
from signaling.flows.people.accounts import find_account, make_password_link, set_password
from signaling.flows.people.second_factors import reset_factors
from storage.backup.restored_folder import require_database
from storage.data_folder import OWNER_ONLY
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Records, Store
from web.access.passwords import Passwords
from web.clockwork import SystemClock
from web.config import Config, ConfigError, load
from web.notices.renderer import NoticeRenderer
from web.routes import public_address
from web.settings.runtime_settings import RuntimeSettings
from web.texts.catalogs import Catalogs

BY_PROVIDER = N_(
    "TELECONNECT_OIDC_ONLY is yes, so accounts have no use for a password. Set it to no first."
)
UNKNOWN = N_("There is no account with this email that can sign in.")


@dataclass(frozen=True)
class Change:
    """What is asked for."""

    email: str
    password: str | None
    link: bool
    "Make a one-time address at which a password can be chosen."
    reset: bool
    "Remove all second factors."


async def change(asked: Change) -> str:
    """Do what is asked for; what to tell, a line for each.

    Raises TeleConnectError or StorageError.
    """
    config = load()
    require_database(config.data_dir, config.database_url)
    with DataFolderLock.share(config.data_dir):
        store = await Store.open(
            config.data_dir, config.master_key, database_url=config.database_url
        )
        try:
            return await _change(store, config, asked)
        finally:
            await store.close()


async def _account_mail(store: Store, config: Config) -> AccountMail:
    """What it queues leaves with the server, which looks at the queue every minute."""
    clock, settings = SystemClock(), RuntimeSettings(config)
    await settings.load(store)
    return AccountMail(NoticeRenderer(config, settings, Catalogs.load(), clock), clock)


async def _change(store: Store, config: Config, asked: Change) -> str:
    by_provider = config.oidc is not None and config.oidc.only
    if by_provider and (asked.password is not None or asked.link):
        raise NotAllowed(BY_PROVIDER)
    now, account = datetime.now(UTC), await find_account(store.read.accounts, asked.email)
    if account is None or account.suspended_at is not None:
        raise NotFound(UNKNOWN)
    told, password = [], asked.password
    if password is not None:
        known = (config.brand, account.email, account.name)
        hashed = await Passwords().choose(password, known)
        mail = await _account_mail(store, config)
        await store.write(
            lambda records: set_password(
                records, account, hashed, now, actor=SCRIPT, action="reset_password", mail=mail
            )
        )
        told.append(
            f"The password of {account.email} was changed, and nobody is signed in with it."
        )
    if asked.reset:
        mail = await _account_mail(store, config)

        async def reset(records: Records) -> None:
            found = await reset_factors(records, account.id, now, actor=SCRIPT)
            await mail.queue(records, found, "factor_reset")

        await store.write(reset)
        told.append(
            f"{account.email} signs in without a second step now, and was signed out everywhere."
        )
    if asked.link:
        token = await store.write(
            lambda records: make_password_link(records, account.id, now, actor=SCRIPT)
        )
        told.append(public_address(config.public_url, "choose_password", token=token))
    return "\n".join(told)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.set_password",
        description="Gives an account another password, and signs it out everywhere.",
    )
    parser.add_argument("--email", required=True)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    how.add_argument(
        "--link", action="store_true",
        help="print an address at which a password can be chosen once, within 24 hours",
    )  # fmt: skip
    parser.add_argument(
        "--reset-factors", action="store_true",
        help="remove passkeys, authenticator app and recovery codes, which are lost",
    )  # fmt: skip
    chosen = parser.parse_args()
    if not (chosen.password_stdin or chosen.link or chosen.reset_factors):
        parser.error("one of --password-stdin, --link and --reset-factors is needed")
    os.umask(OWNER_ONLY)
    password = sys.stdin.readline().rstrip("\r\n") if chosen.password_stdin else None
    try:
        asked = Change(chosen.email.strip(), password, chosen.link, chosen.reset_factors)
        print(asyncio.run(change(asked)))
    except TeleConnectError as error:
        print(error.sentence % error.values if error.values else error.sentence, file=sys.stderr)
        return 1
    except (StorageError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
