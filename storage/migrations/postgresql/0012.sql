-- As SQLite's of this number, where the comments are.
ALTER TABLE notice ADD COLUMN claimed_by TEXT COLLATE "C";
ALTER TABLE account_mail ADD COLUMN claimed_by TEXT COLLATE "C";

CREATE TABLE duty (
    name TEXT COLLATE "C" PRIMARY KEY,
    host_id TEXT COLLATE "C" NOT NULL REFERENCES host (id) ON DELETE CASCADE
);

CREATE TABLE file_part (
    id TEXT COLLATE "C" PRIMARY KEY,
    consultation_id TEXT COLLATE "C" NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    file_id TEXT COLLATE "C" NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    half BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX file_part_place ON file_part (consultation_id, file_id, part) WHERE half = 0;
CREATE INDEX file_part_consultation ON file_part (consultation_id);

CREATE TABLE file_block (
    part_id TEXT COLLATE "C" NOT NULL REFERENCES file_part (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (part_id, number)
);
-- What is encrypted cannot be compressed.
ALTER TABLE file_block ALTER COLUMN sealed SET STORAGE EXTERNAL;
