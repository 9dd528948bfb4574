"""Several hosts behind one address: which of them may act for a session."""
