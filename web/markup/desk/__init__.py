"""Pages of schedulers: invites, waiting room, history."""
