"""Make an account: `python -m scripts.create_account --email E --name N --role scheduler`."""

import argparse
import asyncio
import getpass
import os
import sys
from datetime import UTC, datetime

from signaling.account import AccountRole
from signaling.audit import SCRIPT
from signaling.errors import N_, InvalidInput, TeleConnectError
from signaling.flows.people.accounts import add_account, new_account
from storage.data_folder import OWNER_ONLY
from storage.errors import StorageError
from storage.folder.lock import DataFolderLock
from storage.store import Records, Store
from web.access.passwords import Passwords
from web.config import ConfigError, load
from web.texts.catalogs import OWN_NAMES
from web.zones.names import todays_name


async def create(
    email: str, name: str, role: AccountRole, password: str, language: str, time_zone: str
) -> None:
    """Raises TeleConnectError or StorageError."""
    config = load()
    zone = todays_name(time_zone)
    if zone is None:
        raise InvalidInput("time_zone", N_("This time zone does not exist."))
    account = new_account(
        email=email,
        name=name,
        role=role,
        password_hash=await Passwords().choose(password, (config.brand, email, name)),
        language=language,
        time_zone=zone,
        now=datetime.now(UTC),
    )

    async def add(records: Records) -> None:
        await add_account(records, account)
        await records.audit.append(account.created_at, SCRIPT, "create_account", account.id)

    with DataFolderLock.share(config.data_dir):
        store = await Store.open(
            config.data_dir, config.master_key, database_url=config.database_url
        )
        try:
            await store.write(add)
        finally:
            await store.close()


def _language(text: str) -> str:
    if text not in OWN_NAMES:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(OWN_NAMES)}")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.create_account", description="Makes an account that can sign in."
    )
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", choices=("scheduler", "administrator"), default="scheduler")
    parser.add_argument(
        "--language", type=_language, default="en", help="of the interface (default: en)"
    )
    parser.add_argument("--time-zone", default="UTC", help="IANA zone (default: UTC)")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    chosen = parser.parse_args()
    os.umask(OWNER_ONLY)
    if chosen.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        try:
            password = getpass.getpass()
        except EOFError:
            print("\nNo password was given: type it, or use --password-stdin.", file=sys.stderr)
            return 1
    try:
        asyncio.run(
            create(
                chosen.email, chosen.name, chosen.role, password, chosen.language, chosen.time_zone
            )
        )
    except TeleConnectError as error:
        print(error.sentence % error.values if error.values else error.sentence, file=sys.stderr)
        return 1
    except (StorageError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{chosen.email} can sign in.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
