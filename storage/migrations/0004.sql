-- Browsers that have signed in to an account before: theirs is an allowance of their own to try
-- passwords. One browser may be known to several accounts.
CREATE TABLE known_browser (
    token_digest BLOB NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (token_digest, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browser_account ON known_browser (account_id);
CREATE INDEX known_browser_expiry ON known_browser (expires_at);

-- One-time addresses at which somebody chooses a new password; a new one replaces the last.
CREATE TABLE password_link (
    account_id TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    token_digest BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How much has gone to one address lately, told by a keyed digest that goes with the notice.
ALTER TABLE notice ADD COLUMN address_digest BLOB;
CREATE INDEX notice_address ON notice (address_digest, created_at)
    WHERE address_digest IS NOT NULL;
CREATE INDEX notice_created ON notice (created_at);
