-- The tables that SQLite has after its migration of this number, where their comments are. Text is
-- compared by its bytes, as SQLite does, except where it is compared without regard to case.
CREATE TABLE account (
    id TEXT COLLATE "C" PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('scheduler', 'administrator')),
    password_hash TEXT COLLATE "C",            -- NULL: signs in elsewhere
    language TEXT COLLATE "C" NOT NULL,
    time_zone TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    suspended_at BIGINT,
    preferences TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    deletion_requested_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX account_deleted ON account (id) WHERE deleted_at IS NOT NULL;

CREATE TABLE web_session (
    token_digest BYTEA PRIMARY KEY,
    account_id TEXT COLLATE "C" REFERENCES account (id) ON DELETE CASCADE,   -- NULL: somebody by link
    data TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    issuer TEXT COLLATE "C",
    subject TEXT COLLATE "C",
    provider_session TEXT COLLATE "C",
    used_at BIGINT
);
CREATE INDEX web_session_account ON web_session (account_id);
CREATE INDEX web_session_expiry ON web_session (expires_at);
CREATE INDEX web_session_subject ON web_session (issuer, subject) WHERE issuer IS NOT NULL;

CREATE TABLE consultation (
    id TEXT COLLATE "C" PRIMARY KEY,
    scheduler_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) DEFERRABLE,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    planned_at BIGINT,
    time_zone TEXT COLLATE "C" NOT NULL,
    started_at BIGINT,
    closed_at BIGINT,
    note BYTEA,                     -- sealed
    interpreting TEXT COLLATE "C" NOT NULL,
    interpreting_language TEXT COLLATE "C" NOT NULL,
    calendar_sequence BIGINT NOT NULL DEFAULT 0,
    last_event_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX consultation_scheduler ON consultation (scheduler_id, state, planned_at);
CREATE INDEX consultation_overdue ON consultation (COALESCE(planned_at, created_at))
    WHERE state IN ('planned', 'waiting');
CREATE INDEX consultation_closed ON consultation (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX consultation_abandoned ON consultation (last_event_at)
    WHERE state IN ('active', 'kept_open');

CREATE TABLE vault_key (
    consultation_id TEXT COLLATE "C" PRIMARY KEY REFERENCES consultation (id) ON DELETE CASCADE,
    wrapped BYTEA NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE invite (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT COLLATE "C" PRIMARY KEY,
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    role TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    token_digest BYTEA NOT NULL UNIQUE,
    person BYTEA NOT NULL,          -- sealed
    address_digest BYTEA,           -- keyed digest of a phone number: whose is a reply?
    created_at BIGINT NOT NULL,
    joined_at BIGINT
);
CREATE INDEX invite_consultation ON invite (consultation_id);
CREATE INDEX invite_address ON invite (address_digest) WHERE address_digest IS NOT NULL;

CREATE TABLE seat (
    invite_id TEXT COLLATE "C" PRIMARY KEY REFERENCES invite (id) ON DELETE CASCADE,
    web_session_digest BYTEA NOT NULL,
    taken_at BIGINT NOT NULL
);
CREATE INDEX seat_web_session ON seat (web_session_digest);

CREATE TABLE device_check (
    invite_id TEXT COLLATE "C" PRIMARY KEY REFERENCES invite (id) ON DELETE CASCADE,
    result BYTEA NOT NULL,          -- sealed
    at BIGINT NOT NULL
);

CREATE TABLE chat_message (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    participant_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    text BYTEA NOT NULL,            -- sealed
    sent_at BIGINT NOT NULL,
    binding BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (consultation_id, position),
    UNIQUE (consultation_id, id)
);
CREATE INDEX chat_event ON chat_message (consultation_id, participant_id, position)
    WHERE kind NOT IN ('text', 'photo', 'pdf');

CREATE TABLE seen (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (consultation_id, participant_id)
);

CREATE TABLE command (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (consultation_id, id)
);

CREATE TABLE call (
    id TEXT COLLATE "C" PRIMARY KEY,
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    media TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    started_by TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    ended_at BIGINT,
    topology TEXT COLLATE "C" NOT NULL,
    -- participant id -> [state, peer id], so that a call outlives the server's process
    members TEXT COLLATE "C" NOT NULL
);
CREATE INDEX call_consultation ON call (consultation_id);

CREATE TABLE notice (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT COLLATE "C" PRIMARY KEY,
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    invite_id TEXT COLLATE "C" REFERENCES invite (id) ON DELETE CASCADE,
    occasion TEXT COLLATE "C" NOT NULL,
    dedupe_key TEXT COLLATE "C" NOT NULL UNIQUE,   -- one per recipient and occasion
    envelope BYTEA NOT NULL,            -- sealed: address, language, ways, words
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    next_at BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL, -- the plan it tells of; -1: of another address
    address_digest BYTEA,
    channel TEXT COLLATE "C" NOT NULL DEFAULT 'email'
);
CREATE INDEX notice_next ON notice (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notice_consultation ON notice (consultation_id, invite_id);
CREATE INDEX notice_address ON notice (address_digest, created_at)
    WHERE address_digest IS NOT NULL;
CREATE INDEX notice_created ON notice (created_at);
CREATE INDEX notice_channel ON notice (channel, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notice_invite ON notice (invite_id);

CREATE TABLE delivery_attempt (
    id TEXT COLLATE "C" PRIMARY KEY,
    notice_id TEXT COLLATE "C" NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,           -- 0, 1, ...: which of the notice's ways
    channel TEXT COLLATE "C" NOT NULL,
    sender_id TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    tries BIGINT NOT NULL,
    first_try_at BIGINT,
    next_try_at BIGINT,
    provider_id TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    UNIQUE (notice_id, number)
);
CREATE INDEX delivery_attempt_sending ON delivery_attempt (id)
    WHERE state IN ('sending', 'queued');
CREATE INDEX delivery_attempt_provider ON delivery_attempt (provider_id)
    WHERE provider_id IS NOT NULL;

CREATE TABLE reply (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT COLLATE "C" PRIMARY KEY,               -- the provider's: twice is once
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    invite_id TEXT COLLATE "C" NOT NULL REFERENCES invite (id) ON DELETE CASCADE,
    channel TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    text BYTEA NOT NULL,                -- sealed
    at BIGINT NOT NULL
);
CREATE INDEX reply_invite ON reply (invite_id, at);
CREATE INDEX reply_consultation ON reply (consultation_id);

CREATE TABLE used_token (
    token_id TEXT COLLATE "C" PRIMARY KEY,
    forget_at BIGINT NOT NULL
);
CREATE INDEX used_token_age ON used_token (forget_at);

CREATE TABLE notice_text (
    occasion TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL CHECK (part IN ('subject', 'mail', 'short')),
    text TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (occasion, language, part)
);

CREATE TABLE whatsapp_template (
    occasion TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    parameters TEXT COLLATE "C" NOT NULL,          -- names of placeholders, separated by spaces
    PRIMARY KEY (occasion, language)
);

CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    digest BYTEA NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, number);
CREATE INDEX audit_action ON audit (action, number);

CREATE TABLE setting (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE interpreting_organization (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    languages TEXT COLLATE "C" NOT NULL,           -- codes, separated by spaces
    position BIGINT NOT NULL,
    active BIGINT NOT NULL
);

CREATE TABLE interpreter_request (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT COLLATE "C" PRIMARY KEY,
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    organization_id TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    token_digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX interpreter_request_consultation ON interpreter_request (consultation_id);
CREATE INDEX interpreter_request_expiry ON interpreter_request (expires_at) WHERE state = 'sent';

CREATE TABLE chat_volume (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (consultation_id, participant_id)
);

CREATE TABLE sealed_secret (
    name TEXT COLLATE "C" PRIMARY KEY,
    wrapped BYTEA NOT NULL
);

CREATE TABLE purged (
    month TEXT COLLATE "C" NOT NULL,               -- of the deletion, as 2026-12
    what TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (month, what)
);

CREATE TABLE known_browser (
    token_digest BYTEA NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_digest, account_id)
);
CREATE INDEX known_browser_account ON known_browser (account_id);
CREATE INDEX known_browser_expiry ON known_browser (expires_at);

CREATE TABLE clock (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    seen_at BIGINT NOT NULL
);

CREATE TABLE master_key (
    "only" BIGINT PRIMARY KEY CHECK ("only" = 1),
    key_id TEXT COLLATE "C" NOT NULL
);

CREATE TABLE upload (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    id TEXT COLLATE "C" NOT NULL,
    participant_id TEXT COLLATE "C" NOT NULL,
    details BYTEA NOT NULL,         -- sealed: name, caption, digest, the request it answers
    bytes BIGINT NOT NULL,        -- of the whole file
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,   -- when something of it arrived last
    PRIMARY KEY (consultation_id, id)
);
CREATE INDEX upload_touched ON upload (touched_at);

CREATE TABLE attachment (
    consultation_id TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,              -- the line's
    details BYTEA NOT NULL,         -- sealed: kind, name, sizes, pages, notes, renditions
    bytes BIGINT NOT NULL,        -- of everything stored of it
    turned BIGINT NOT NULL,       -- quarter turns clockwise
    PRIMARY KEY (consultation_id, id),
    FOREIGN KEY (consultation_id, id) REFERENCES chat_message (consultation_id, id)
        ON DELETE CASCADE
);

CREATE TABLE identity (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identity_account ON identity (account_id);

CREATE TABLE access_request (
    id TEXT COLLATE "C" PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL COLLATE NOCASE,
    name TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    time_zone TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);

CREATE TABLE password_link (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('reset', 'invitation', 'forgotten')),
    token_digest BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL,
    made_by TEXT COLLATE "C" REFERENCES account (id) ON DELETE SET NULL,
    PRIMARY KEY (account_id, kind)
);
CREATE INDEX password_link_made_by ON password_link (made_by) WHERE made_by IS NOT NULL;

CREATE TABLE account_mail (
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    id TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    occasion TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,         -- sealed: it may hold a one-time address
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,       -- next try
    tries BIGINT NOT NULL DEFAULT 0,
    doubts BIGINT NOT NULL DEFAULT 0, -- tries after which it may have arrived
    problem TEXT COLLATE "C" NOT NULL DEFAULT '',  -- of the last try: a code of signaling/notices/reasons.py
    expires_at BIGINT NOT NULL    -- no try after this: the address in it is over
);
CREATE INDEX account_mail_due ON account_mail (due_at);
CREATE INDEX account_mail_account ON account_mail (account_id);

CREATE TABLE passkey (
    credential_id BYTEA PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    transports TEXT COLLATE "C" NOT NULL,      -- as JSON
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkey_account ON passkey (account_id);

CREATE TABLE authenticator_app (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    confirmed BIGINT NOT NULL CHECK (confirmed IN (0, 1)),
    secret BYTEA NOT NULL,          -- sealed
    created_at BIGINT NOT NULL,
    last_step BIGINT NOT NULL,    -- time step of the newest code that was taken: none counts twice
    PRIMARY KEY (account_id, confirmed)
);

CREATE TABLE recovery_code (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    PRIMARY KEY (account_id, digest)
);

CREATE TABLE page_text (
    page TEXT COLLATE "C" NOT NULL CHECK (page IN ('terms', 'help')),
    language TEXT COLLATE "C" NOT NULL,
    markdown TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (page, language)
);

CREATE TABLE team (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE
);

CREATE TABLE team_member (
    team_id TEXT COLLATE "C" NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, account_id)
);
CREATE INDEX team_member_account ON team_member (account_id);

CREATE TABLE shared_session (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (consultation_id, account_id)
);
CREATE INDEX shared_session_account ON shared_session (account_id);

CREATE TABLE number (
    week TEXT COLLATE "C" NOT NULL,            -- ISO 8601, as 2026-W50
    kind TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,           -- a word of signaling/numbers.py: it names nobody
    count BIGINT NOT NULL,
    PRIMARY KEY (week, kind, label)
);

CREATE TABLE former_scheduler (
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT COLLATE "C" NOT NULL,  -- their account, which may be deleted
    name BYTEA NOT NULL,            -- sealed
    PRIMARY KEY (consultation_id, participant_id)
);

CREATE FUNCTION note_event() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    UPDATE consultation SET last_event_at = NEW.sent_at
    WHERE id = NEW.consultation_id AND last_event_at < NEW.sent_at - 3600000;
    RETURN NULL;
END $$;
CREATE TRIGGER consultation_event AFTER INSERT ON chat_message
    FOR EACH ROW EXECUTE FUNCTION note_event();
