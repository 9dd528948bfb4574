"""Pages under Administration."""
