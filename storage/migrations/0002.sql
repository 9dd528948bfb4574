-- To what the text of a line was bound when it was sealed: 0, its row alone, as all lines were
-- before; 1, its author, position, kind and time as well.
ALTER TABLE chat_message ADD COLUMN binding INTEGER NOT NULL DEFAULT 0;

-- Lines that nobody wrote: how many there are of somebody, and which was the last.
CREATE INDEX chat_event ON chat_message (consultation_id, participant_id, position)
    WHERE kind <> 'text';

-- How much somebody has written, text and what a line takes besides it; a sealed text is 28 bytes
-- longer than its words, and a line counts 64.
CREATE TABLE chat_volume (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (consultation_id, participant_id)
) STRICT, WITHOUT ROWID;
INSERT INTO chat_volume
    SELECT consultation_id, participant_id, SUM(length(text) - 28 + 64)
    FROM chat_message WHERE kind = 'text' GROUP BY consultation_id, participant_id;
