"""Pages about one's own account, and how one gets back to it."""
