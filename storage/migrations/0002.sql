-- To what the text of a line was bound when it was sealed: 0, its row alone, as all lines were
-- before; 1, its author, position, kind and time as well.
ALTER TABLE chat_message ADD COLUMN binding INTEGER NOT NULL DEFAULT 0;

-- Lines that nobody wrote: how many there are of somebody, and which was the last.
CREATE INDEX chat_event ON chat_message (consultation_id, participant_id, position)
    WHERE kind <> 'text';
