-- Which seats a browser has: asked for each browser of a session that is deleted.
CREATE INDEX seat_web_session ON seat (web_session_digest);
