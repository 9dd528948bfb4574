-- Which master key wraps the others: tells a wrong one from the right one, and nothing about it.
CREATE TABLE master_key (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key_id TEXT NOT NULL
) STRICT;

-- 1: the key itself encrypts; 2: a key derived from it does.
ALTER TABLE vault_key ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
