-- Accounts and who is signed in.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('scheduler', 'administrator')),
    password_hash TEXT,            -- NULL: signs in elsewhere
    language TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE TABLE web_session (
    token_digest BLOB PRIMARY KEY,
    account_id TEXT REFERENCES account (id) ON DELETE CASCADE,   -- NULL: somebody by link
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_session_account ON web_session (account_id);
CREATE INDEX web_session_expiry ON web_session (expires_at);

-- Consultations. Whatever names a person is sealed under the consultation's own key.
CREATE TABLE consultation (
    id TEXT PRIMARY KEY,
    scheduler_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    planned_at INTEGER,
    time_zone TEXT NOT NULL,
    started_at INTEGER,
    closed_at INTEGER,
    note BLOB,                     -- sealed
    interpreting TEXT NOT NULL,
    interpreting_language TEXT NOT NULL,
    calendar_sequence INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX consultation_scheduler ON consultation (scheduler_id, state, planned_at);
CREATE INDEX consultation_overdue ON consultation (COALESCE(planned_at, created_at))
    WHERE state IN ('planned', 'waiting');
CREATE INDEX consultation_closed ON consultation (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE vault_key (
    consultation_id TEXT PRIMARY KEY REFERENCES consultation (id) ON DELETE CASCADE,
    wrapped BLOB NOT NULL
) STRICT;

CREATE TABLE invite (
    id TEXT PRIMARY KEY,
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    token_digest BLOB NOT NULL UNIQUE,
    person BLOB NOT NULL,          -- sealed
    address_digest BLOB,           -- keyed digest of a phone number: whose is a reply?
    created_at INTEGER NOT NULL,
    joined_at INTEGER
) STRICT;
CREATE INDEX invite_consultation ON invite (consultation_id);
CREATE INDEX invite_address ON invite (address_digest) WHERE address_digest IS NOT NULL;

-- The browser that holds the seat of an invite now; taking it elsewhere replaces the row.
CREATE TABLE seat (
    invite_id TEXT PRIMARY KEY REFERENCES invite (id) ON DELETE CASCADE,
    web_session_digest BLOB NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT;

-- What the latest device test by the link of an invite has found.
CREATE TABLE device_check (
    invite_id TEXT PRIMARY KEY REFERENCES invite (id) ON DELETE CASCADE,
    result BLOB NOT NULL,          -- sealed
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE chat_message (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    participant_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    text BLOB NOT NULL,            -- sealed
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (consultation_id, position),
    UNIQUE (consultation_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE seen (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (consultation_id, participant_id)
) STRICT, WITHOUT ROWID;

-- Commands that were done, so that a repeated one is only acknowledged again.
CREATE TABLE command (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    PRIMARY KEY (consultation_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE call (
    id TEXT PRIMARY KEY,
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    media TEXT NOT NULL,
    state TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at INTEGER,
    topology TEXT NOT NULL,
    -- participant id -> [state, peer id], so that a call outlives the server's process
    members TEXT NOT NULL
) STRICT;
CREATE INDEX call_consultation ON call (consultation_id);

-- What is to be written to people outside, and every way of it that was tried. These tables are
-- the queue: next_at is set while something is to be done, and empty while it is under way or over.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    invite_id TEXT REFERENCES invite (id) ON DELETE CASCADE,
    occasion TEXT NOT NULL,
    dedupe_key TEXT NOT NULL UNIQUE,   -- one per recipient and occasion
    envelope BLOB NOT NULL,            -- sealed: address, language, ways, words
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    next_at INTEGER,
    state TEXT NOT NULL,
    version INTEGER NOT NULL           -- the plan it tells of; -1: of another address
) STRICT;
CREATE INDEX notice_next ON notice (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notice_consultation ON notice (consultation_id, invite_id);

CREATE TABLE delivery_attempt (
    id TEXT PRIMARY KEY,
    notice_id TEXT NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,           -- 0, 1, ...: which of the notice's ways
    channel TEXT NOT NULL,
    sender_id TEXT,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    first_try_at INTEGER,
    next_try_at INTEGER,
    provider_id TEXT,
    reason TEXT NOT NULL,
    code TEXT NOT NULL,
    UNIQUE (notice_id, number)
) STRICT;
CREATE INDEX delivery_attempt_sending ON delivery_attempt (id)
    WHERE state IN ('sending', 'queued');
CREATE INDEX delivery_attempt_provider ON delivery_attempt (provider_id)
    WHERE provider_id IS NOT NULL;

-- What people answered to an SMS or a WhatsApp message.
CREATE TABLE reply (
    id TEXT PRIMARY KEY,               -- the provider's: twice is once
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    invite_id TEXT NOT NULL REFERENCES invite (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    text BLOB NOT NULL,                -- sealed
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX reply_invite ON reply (invite_id, at);
CREATE INDEX reply_consultation ON reply (consultation_id);

-- Tokens of webhooks that had their effect, until they are too old to be believed anyway.
CREATE TABLE used_token (
    token_id TEXT PRIMARY KEY,
    forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_token_age ON used_token (forget_at);

-- Words of notices that the operator wrote in place of the catalogs'.
CREATE TABLE notice_text (
    occasion TEXT NOT NULL,
    language TEXT NOT NULL,
    part TEXT NOT NULL CHECK (part IN ('subject', 'mail', 'short')),
    text TEXT NOT NULL,
    PRIMARY KEY (occasion, language, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE whatsapp_template (
    occasion TEXT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    parameters TEXT NOT NULL,          -- names of placeholders, separated by spaces
    PRIMARY KEY (occasion, language)
) STRICT, WITHOUT ROWID;

-- Who did what when; each line seals the one before (a changed or missing line shows).
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;

-- What administrators set on the pages of the running server.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Who can send interpreters, and what they were asked.
CREATE TABLE interpreting_organization (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    languages TEXT NOT NULL,           -- codes, separated by spaces
    position INTEGER NOT NULL,
    active INTEGER NOT NULL
) STRICT;

CREATE TABLE interpreter_request (
    id TEXT PRIMARY KEY,
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    token_digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT;
CREATE INDEX interpreter_request_consultation ON interpreter_request (consultation_id);
CREATE INDEX interpreter_request_expiry ON interpreter_request (expires_at) WHERE state = 'sent';
