-- When anything last happened in a session, to the hour: whoever comes, goes, writes, starts or calls
-- leaves a line in the chat. Nearly every line finds it young enough and writes nothing.
ALTER TABLE consultation ADD COLUMN last_event_at INTEGER NOT NULL DEFAULT 0;
UPDATE consultation SET last_event_at = MAX(
    created_at,
    COALESCE(started_at, 0),
    COALESCE((SELECT MAX(sent_at) FROM chat_message WHERE consultation_id = consultation.id), 0)
);
CREATE INDEX consultation_abandoned ON consultation (last_event_at)
    WHERE state IN ('active', 'kept_open');
CREATE TRIGGER consultation_event AFTER INSERT ON chat_message BEGIN
    UPDATE consultation SET last_event_at = NEW.sent_at
    WHERE id = NEW.consultation_id AND last_event_at < NEW.sent_at - 3600000;
END;

-- When this server last knew what time it was; one row.
CREATE TABLE clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seen_at INTEGER NOT NULL
) STRICT;
