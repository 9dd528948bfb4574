"""What can be wrong with the data folder, reported before anything is served."""

from pathlib import Path


class StorageError(Exception):
    """The data cannot be used; the message is a sentence for the operator."""


class FolderInUse(StorageError):
    """Another process works on the data folder; both at once would damage it."""

    def __init__(self, data_dir: Path, user: str) -> None:
        super().__init__(
            f"{user} is using the data folder {data_dir}. Stop that first, or set "
            "TELECONNECT_DATA_DIR to another folder."
        )


class NewerDatabase(StorageError):
    """Written by a later version of the program."""


class MasterKeyError(StorageError):
    """The master key is missing, unreadable, malformed, or not the one of this database."""


class WrongMasterKey(MasterKeyError):
    """Not the master key that wraps the database's keys; holds the id of the one needed."""

    def __init__(self, needed: str, given: str) -> None:
        self.needed = needed
        super().__init__(
            "The master key is not the one this database was written with: the key with the id "
            f"{needed} is needed, this one is {given}. Restore the right one "
            "(TELECONNECT_MASTER_KEY, TELECONNECT_MASTER_KEY_FILE or the file master.key in the "
            "data folder)."
        )
