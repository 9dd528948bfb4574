"""What PostgreSQL's errors mean here.

Whatever may be over in a moment (a restart, a lost connection, a full disk, a deadlock) is
Unavailable; what keeps the server from starting is a sentence for the operator.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from signaling.errors import Unavailable
from storage.engine.executor import IntegrityError
from storage.errors import StorageError

PASSING = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
)
"""Errors of the moment. An InvalidCachedStatementError: a newer version has migrated the table meanwhile. A ReadOnlySQLTransactionError: what was written to has become a standby. An
InternalClientError: the driver's state after the server went away within an answer."""
CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"A transaction was undone for the sake of another one (40P01, 40001): the same succeeds once that is over."
ONE_STATEMENT = (
    *CONFLICTS,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCachedStatementError,
)
"Those after which the connection can be used."


ENDED = "TC001"
"What `hold_host` raises (migration 0011): this host has been ended, and is about to begin anew."


def is_passing(error: BaseException) -> bool:
    """Whether the same may succeed in a moment."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == ENDED:
        return True
    # asyncpg raises its plain error class for statements on a connection that is closed
    closed = isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)
    return closed or isinstance(error, PASSING)


def ends_connection(error: BaseException) -> bool:
    """Whether nothing more can be asked by the connection that answered with this."""
    return is_passing(error) and not isinstance(error, ONE_STATEMENT)


def lost_answer(error: BaseException) -> bool:
    """Whether the server did not say what became of a statement: the connection ended within it."""
    cause = _cause(error)
    return cause is not None and ends_connection(cause)


def is_conflict(error: BaseException) -> bool:
    """Whether this is one of CONFLICTS."""
    return isinstance(_cause(error), CONFLICTS)


def _cause(error: BaseException) -> BaseException | None:
    """The driver's error."""
    return error.__cause__ if isinstance(error, Unavailable) else error


@contextmanager
def given_up(connection: asyncpg.Connection) -> Iterator[None]:
    """Close the connection at once after an error that ends it: the driver may not know yet.

    So after a cancellation: the driver would ask the server to cancel the statement, and wait for it.
    """
    try:
        yield
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception as error:
        if ends_connection(error):
            connection.terminate()
        raise


@contextmanager
def as_ours() -> Iterator[None]:
    """Raise Unavailable or IntegrityError for the errors that mean this."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        raise IntegrityError(str(error)) from error
    except Exception as error:
        if isinstance(error, Unavailable) or not is_passing(error):
            raise
        raise Unavailable from error


def unusable(error: BaseException, name: str, done: str) -> StorageError:
    """The sentence for an operator whose database cannot be `done` ("opened", "read" ...)."""
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        error = error.__cause__
    hint = _hint(error)
    reason = str(error) or type(error).__name__
    return StorageError(f"The database {name} cannot be {done}: {reason.rstrip('.')}.{hint}")


def _hint(error: BaseException) -> str:
    """What the operator can do about it, after a space."""
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return " Make it: createdb --encoding=UTF8 --template=template0 --owner=USER NAME."
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return " Check user and password in TELECONNECT_DATABASE_URL, and pg_hba.conf."
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return " The user in TELECONNECT_DATABASE_URL must own the database."
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return " Each TeleConnect connects up to seven times: raise max_connections."
    if isinstance(error, OSError | asyncio.TimeoutError):
        return " Is PostgreSQL running there, and does it listen for this machine?"
    return ""
