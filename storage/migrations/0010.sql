-- Who an account is at the organization's provider of sign-in (OpenID Connect Core, section 2).
CREATE TABLE identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_account ON identity (account_id);

-- People whom the provider knows and who wait for an administrator to let them in.
CREATE TABLE access_request (
    id TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;

-- Of a sign-in through the provider: what its logout names (Back-Channel Logout, section 2.4).
ALTER TABLE web_session ADD COLUMN issuer TEXT;
ALTER TABLE web_session ADD COLUMN subject TEXT;
ALTER TABLE web_session ADD COLUMN provider_session TEXT;
CREATE INDEX web_session_subject ON web_session (issuer, subject) WHERE issuer IS NOT NULL;

-- When somebody last used it; NULL: not since this was stored.
ALTER TABLE web_session ADD COLUMN used_at INTEGER;

-- reset: made by an administrator; invitation: of somebody who has no password yet; forgotten: asked
-- for at the sign-in page, by anybody who knows the address: it must not replace the others.
CREATE TABLE kept_password_link (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('reset', 'invitation', 'forgotten')),
    token_digest BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    made_by TEXT REFERENCES account (id) ON DELETE SET NULL,
    PRIMARY KEY (account_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO kept_password_link (account_id, kind, token_digest, expires_at)
    SELECT account_id, 'reset', token_digest, expires_at FROM password_link;
DROP TABLE password_link;
ALTER TABLE kept_password_link RENAME TO password_link;
CREATE INDEX password_link_made_by ON password_link (made_by) WHERE made_by IS NOT NULL;

-- What somebody has chosen under their profile, as JSON; and when they asked to be deleted.
ALTER TABLE account ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';
ALTER TABLE account ADD COLUMN deletion_requested_at INTEGER;

-- Mail to somebody who signs in, about the account itself.
CREATE TABLE account_mail (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    occasion TEXT NOT NULL,
    content BLOB NOT NULL,         -- sealed: it may hold a one-time address
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,       -- next try
    tries INTEGER NOT NULL DEFAULT 0,
    doubts INTEGER NOT NULL DEFAULT 0, -- tries after which it may have arrived
    problem TEXT NOT NULL DEFAULT '',  -- of the last try: a code of signaling/notices/reasons.py
    expires_at INTEGER NOT NULL    -- no try after this: the address in it is over
) STRICT;
CREATE INDEX account_mail_due ON account_mail (due_at);
CREATE INDEX account_mail_account ON account_mail (account_id);

-- Credentials of WebAuthn Level 3.
CREATE TABLE passkey (
    credential_id BLOB PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    transports TEXT NOT NULL,      -- as JSON
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account_id);

-- Authenticator apps (RFC 6238); one that no code has confirmed yet does not count.
CREATE TABLE authenticator_app (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    secret BLOB NOT NULL,          -- sealed
    created_at INTEGER NOT NULL,
    last_step INTEGER NOT NULL,    -- time step of the newest code that was taken: none counts twice
    PRIMARY KEY (account_id, confirmed)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

-- Terms and help as administrators wrote them, in Markdown.
CREATE TABLE page_text (
    page TEXT NOT NULL CHECK (page IN ('terms', 'help')),
    language TEXT NOT NULL,
    markdown TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (page, language)
) STRICT, WITHOUT ROWID;

-- Colleagues who see each other's waiting rooms and start each other's sessions.
CREATE TABLE team (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE
) STRICT;
CREATE TABLE team_member (
    team_id TEXT NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_member_account ON team_member (account_id);

-- Schedulers with whom a session is shared, besides the one it belongs to.
CREATE TABLE shared_session (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (consultation_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX shared_session_account ON shared_session (account_id);

-- Whoever is suspended cannot sign in until an administrator lets them in again.
ALTER TABLE account RENAME COLUMN disabled_at TO suspended_at;

-- What stays of a deleted account while closed sessions of theirs wait for their own deletion: an id.
ALTER TABLE account ADD COLUMN deleted_at INTEGER;
CREATE INDEX account_deleted ON account (id) WHERE deleted_at IS NOT NULL;

-- The audit log, filtered by who and by what.
CREATE INDEX audit_actor ON audit (actor, number);
CREATE INDEX audit_action ON audit (action, number);

-- How much happened in a week, counted as it happens: of sessions that were deleted nothing else stays.
CREATE TABLE number (
    week TEXT NOT NULL,            -- ISO 8601, as 2026-W50
    kind TEXT NOT NULL,
    label TEXT NOT NULL,           -- a word of signaling/numbers.py: it names nobody
    count INTEGER NOT NULL,
    PRIMARY KEY (week, kind, label)
) STRICT, WITHOUT ROWID;

-- Who held a session before it was handed to a colleague: the names beside what they wrote.
CREATE TABLE former_scheduler (
    consultation_id TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    participant_id TEXT NOT NULL,  -- their account, which may be deleted
    name BLOB NOT NULL,            -- sealed
    PRIMARY KEY (consultation_id, participant_id)
) STRICT, WITHOUT ROWID;
