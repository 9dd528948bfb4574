"""Making backup sets, restoring them, and purging without a server."""

from pathlib import Path

from storage.store import Records, Store
from tests.scripts.commands import Commands, Ended

BACKUP, RESTORE = "scripts.backup", "scripts.restore"


def backed_up(commands: Commands, data_dir: Path, *arguments: object) -> Path:
    directory = data_dir.parent / "sets"
    ended = commands.run(BACKUP, directory, *arguments, TELECONNECT_DATA_DIR=str(data_dir))
    assert ended.status == 0, ended.err
    return Path(ended.out.split(" holds ")[0])


def restored(commands: Commands, data_dir: Path, *arguments: object) -> str:
    ended = attempted(commands, data_dir, *arguments)
    assert ended.status == 0, ended.err
    return ended.out


def attempted(commands: Commands, data_dir: Path, *arguments: object) -> Ended:
    return commands.run(RESTORE, *arguments, TELECONNECT_DATA_DIR=str(data_dir))


async def purge(data_dir: Path, *ids: str) -> None:
    store = await Store.open(data_dir, None)
    try:

        async def work(records: Records) -> None:
            for each in ids:
                await records.consultations.purge(each)

        await store.write(work)
    finally:
        await store.close()
