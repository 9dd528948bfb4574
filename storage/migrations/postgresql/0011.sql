-- Hosts that share the database.
CREATE TABLE host (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,    -- its own address, for the other hosts
    version TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    renewals BIGINT NOT NULL DEFAULT 0,
    draining BIGINT NOT NULL DEFAULT 0,
    rooms BIGINT NOT NULL DEFAULT 0,
    people BIGINT NOT NULL DEFAULT 0,
    load BIGINT NOT NULL DEFAULT 0    -- thousandths of a processor
);

-- Who answers for the room of a session. A host that is deleted owns nothing any more.
CREATE TABLE room_owner (
    consultation_id TEXT COLLATE "C" PRIMARY KEY REFERENCES consultation (id) ON DELETE CASCADE,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES host (id) ON DELETE CASCADE
);
CREATE INDEX room_owner_host ON room_owner (host_id);

-- What a transaction of a host begins with: nothing of one that has been ended is committed. The lock
-- keeps the row until the commit, and does not wait for the host's own renewals.
CREATE FUNCTION hold_host(host_id TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM host WHERE host.id = host_id FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the host has been ended by another' USING ERRCODE = 'TC001';
    END IF;
END $$;

-- What the processes are told, each once for a transaction: which table has changed, never what is in it.
CREATE FUNCTION tell() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('teleconnect', TG_ARGV[0]);
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON setting
    FOR EACH STATEMENT EXECUTE FUNCTION tell('settings');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON page_text
    FOR EACH STATEMENT EXECUTE FUNCTION tell('texts');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON notice_text
    FOR EACH STATEMENT EXECUTE FUNCTION tell('texts');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON whatsapp_template
    FOR EACH STATEMENT EXECUTE FUNCTION tell('texts');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON team
    FOR EACH STATEMENT EXECUTE FUNCTION tell('teams');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON team_member
    FOR EACH STATEMENT EXECUTE FUNCTION tell('teams');
CREATE TRIGGER told AFTER DELETE ON web_session
    FOR EACH STATEMENT EXECUTE FUNCTION tell('access');
CREATE TRIGGER told AFTER UPDATE OR DELETE ON seat
    FOR EACH STATEMENT EXECUTE FUNCTION tell('access');
CREATE TRIGGER told AFTER DELETE ON host
    FOR EACH STATEMENT EXECUTE FUNCTION tell('hosts');

-- Whoever holds the room of a session in memory is told when another process has changed that.
CREATE FUNCTION tell_of_session() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    changed JSONB := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    PERFORM pg_notify('teleconnect', 'session ' || (changed ->> TG_ARGV[0]));
    RETURN NULL;
END $$;
CREATE TRIGGER session_changed AFTER UPDATE OF state, scheduler_id ON consultation
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.scheduler_id <> NEW.scheduler_id)
    EXECUTE FUNCTION tell_of_session('id');
CREATE TRIGGER session_gone AFTER DELETE ON consultation
    FOR EACH ROW EXECUTE FUNCTION tell_of_session('id');
CREATE TRIGGER session_shared AFTER INSERT OR DELETE ON shared_session
    FOR EACH ROW EXECUTE FUNCTION tell_of_session('consultation_id');
CREATE TRIGGER invite_added AFTER INSERT ON invite
    FOR EACH ROW EXECUTE FUNCTION tell_of_session('consultation_id');
CREATE TRIGGER invite_ended AFTER UPDATE OF state ON invite
    FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.state IN ('revoked', 'expired'))
    EXECUTE FUNCTION tell_of_session('consultation_id');
