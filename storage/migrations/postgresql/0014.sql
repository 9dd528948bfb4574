-- Alike is what differs in the case of ASCII letters alone, as in SQLite. ICU takes more for alike: other
-- letters in both cases, wide letters, and what differs in characters that nobody sees.
CREATE FUNCTION ascii_lower(written TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(written COLLATE "C", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
ALTER TABLE account DROP CONSTRAINT account_email_key;
CREATE UNIQUE INDEX account_email_once ON account (ascii_lower(email) COLLATE "C");
CREATE INDEX account_email ON account (email);
ALTER TABLE team DROP CONSTRAINT team_name_key;
CREATE UNIQUE INDEX team_name_once ON team (ascii_lower(name) COLLATE "C");
