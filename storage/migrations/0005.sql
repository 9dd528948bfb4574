-- By which channel a notice leaves next: so that no channel waits for what another one cannot send.
-- What was queued before counts as mail until it is tried.
ALTER TABLE notice ADD COLUMN channel TEXT NOT NULL DEFAULT 'email';
CREATE INDEX notice_channel ON notice (channel, next_at) WHERE next_at IS NOT NULL;
