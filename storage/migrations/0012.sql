-- Which host sends a notice or a mail about an account now. NULL: none does, or there is one host alone.
-- A claim of a host that is not in its table any more is over.
ALTER TABLE notice ADD COLUMN claimed_by TEXT;
ALTER TABLE account_mail ADD COLUMN claimed_by TEXT;

-- What runs once in all: whose it is. A host that is deleted has no duty any more.
CREATE TABLE duty (
    name TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Photos and PDFs, where they are in the database: sealed blocks by their numbers. A part that is not whole
-- yet is a half, except an upload, which grows in its place. With SQLite they are in the data folder.
CREATE TABLE file_part (
    id TEXT PRIMARY KEY,
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    file_id TEXT NOT NULL,
    part TEXT NOT NULL,
    half INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX file_part_place ON file_part (consultation_id, file_id, part) WHERE half = 0;
CREATE INDEX file_part_consultation ON file_part (consultation_id);

CREATE TABLE file_block (
    part_id TEXT NOT NULL REFERENCES file_part (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (part_id, number)
) STRICT;
