-- What a host does: 'all', or 'relay' for one that has relay workers alone.
ALTER TABLE host ADD COLUMN role TEXT NOT NULL DEFAULT 'all';
