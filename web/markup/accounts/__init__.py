"""Pages of accounts: setup, signing in, passwords."""
