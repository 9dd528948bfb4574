-- Hosts that share a database. With SQLite there is one, and both tables are empty.
CREATE TABLE host (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,                -- its own address, for the other hosts
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    renewals INTEGER NOT NULL DEFAULT 0,
    draining INTEGER NOT NULL DEFAULT 0,
    rooms INTEGER NOT NULL DEFAULT 0,
    people INTEGER NOT NULL DEFAULT 0,
    load INTEGER NOT NULL DEFAULT 0   -- thousandths of a processor
) STRICT, WITHOUT ROWID;

-- Who answers for the room of a session. A host that is deleted owns nothing any more.
CREATE TABLE room_owner (
    consultation_id TEXT PRIMARY KEY REFERENCES consultation (id) ON DELETE CASCADE,
    host_id TEXT NOT NULL REFERENCES host (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX room_owner_host ON room_owner (host_id);
