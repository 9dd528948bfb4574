"""What can be wrong with the data folder, said before anything is served."""


class StorageError(Exception):
    """The data cannot be used; the message is a sentence for the operator."""


class NewerDatabase(StorageError):
    """Written by a later version of the program."""


class MasterKeyError(StorageError):
    """The master key is missing, unreadable, malformed, or not the one of this database."""
