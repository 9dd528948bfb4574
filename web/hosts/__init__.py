"""Several hosts behind one address: what is asked about a session is answered by the owner of its room."""
