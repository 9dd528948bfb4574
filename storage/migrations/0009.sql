-- Photos and PDFs are written by a person, as texts are, and no event lines.
DROP INDEX chat_event;
CREATE INDEX chat_event ON chat_message (consultation_id, participant_id, position)
    WHERE kind NOT IN ('text', 'photo', 'pdf');

-- A file on its way into the chat.
CREATE TABLE upload (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    participant_id TEXT NOT NULL,
    details BLOB NOT NULL,         -- sealed: name, caption, digest, the request it answers
    bytes INTEGER NOT NULL,        -- of the whole file
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,   -- when something of it arrived last
    PRIMARY KEY (consultation_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_touched ON upload (touched_at);

-- The photo or PDF of a line; its bytes are in files.
CREATE TABLE attachment (
    consultation_id TEXT NOT NULL,
    id TEXT NOT NULL,              -- the line's
    details BLOB NOT NULL,         -- sealed: kind, name, sizes, pages, notes, renditions
    bytes INTEGER NOT NULL,        -- of everything stored of it
    turned INTEGER NOT NULL,       -- quarter turns clockwise
    PRIMARY KEY (consultation_id, id),
    FOREIGN KEY (consultation_id, id) REFERENCES chat_message (consultation_id, id)
        ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
