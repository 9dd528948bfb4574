"""HTML by function calls: views in, elements out. Nothing here knows a request or a database."""
