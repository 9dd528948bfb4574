"""HTML by function calls: view models in, elements out. Requests and the database are not known here."""
