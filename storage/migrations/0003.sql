-- Random keys of the server's own, each wrapped by the master key.
CREATE TABLE sealed_secret (
    name TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;

-- What stays of sessions that were deleted: how many there were, by month.
CREATE TABLE purged (
    month TEXT NOT NULL,               -- of the deletion, as 2026-12
    what TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (month, what)
) STRICT, WITHOUT ROWID;
