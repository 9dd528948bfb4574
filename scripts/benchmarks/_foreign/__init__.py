"""Clients of the relay that nobody here wrote, in a room, and what a capture of it says."""
