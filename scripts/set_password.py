"""Give an account another password: `python -m scripts.set_password --email E --link`.

For the operator, when nobody can sign in to make such a link. The server may be running.
"""

import argparse
import asyncio
import os
import sys
from datetime import UTC, datetime

from signaling.audit import SCRIPT
from signaling.errors import N_, NotAllowed, NotFound, TeleConnectError
from signaling.flows.people.accounts import find_account, make_password_link, set_password
from storage.backup.restored_folder import require_database
from storage.data_folder import OWNER_ONLY
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Store
from web.access.passwords import Passwords
from web.config import Config, ConfigError, load
from web.routes import public_address

BY_PROVIDER = N_(
    "TELECONNECT_OIDC_ONLY is yes, so accounts have no use for a password. Set it to no first."
)
UNKNOWN = N_("There is no account with this email that can sign in.")


async def change(email: str, password: str | None) -> str:
    """Set the password, or without one make a one-time address to choose it; what to tell.

    Raises TeleConnectError or StorageError.
    """
    config = load()
    require_database(config.data_dir)
    with DataFolderLock.share(config.data_dir):
        store = await Store.open(config.data_dir, config.master_key)
        try:
            return await _change(store, config, email, password)
        finally:
            await store.close()


async def _change(store: Store, config: Config, email: str, password: str | None) -> str:
    if config.oidc is not None and config.oidc.only:
        raise NotAllowed(BY_PROVIDER)
    now, account = datetime.now(UTC), await find_account(store.read.accounts, email)
    if account is None or account.suspended_at is not None:
        raise NotFound(UNKNOWN)
    if password is None:
        token = await store.write(
            lambda records: make_password_link(records, account.id, now, actor=SCRIPT)
        )
        return public_address(config.public_url, "choose_password", token=token)
    known = (config.brand, account.email, account.name)
    hashed = await Passwords().choose(password, known)
    await store.write(
        lambda records: set_password(
            records, account, hashed, now, actor=SCRIPT, action="reset_password"
        )
    )
    return f"The password of {account.email} was changed, and nobody is signed in with it."


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.set_password",
        description="Gives an account another password, and signs it out everywhere.",
    )
    parser.add_argument("--email", required=True)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    how.add_argument(
        "--link", action="store_true",
        help="print an address at which a password can be chosen once, within 24 hours",
    )  # fmt: skip
    chosen = parser.parse_args()
    os.umask(OWNER_ONLY)
    password = sys.stdin.readline().rstrip("\r\n") if chosen.password_stdin else None
    try:
        print(asyncio.run(change(chosen.email.strip(), password)))
    except TeleConnectError as error:
        print(error.sentence % error.values if error.values else error.sentence, file=sys.stderr)
        return 1
    except (StorageError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
