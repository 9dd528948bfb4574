"""Time zones: which rules are in force, their names, and what happens when they change."""
