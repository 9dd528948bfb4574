"""The session page of both sides, in its parts."""
