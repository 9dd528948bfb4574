-- A new address gets a new link, and the one before opens nothing any more: how many there were before.
ALTER TABLE invite ADD COLUMN link_number INTEGER NOT NULL DEFAULT 0;
