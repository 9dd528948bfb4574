"""Administration, one file a page. Only for administrators: others get NotFound."""
