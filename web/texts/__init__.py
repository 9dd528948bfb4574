"""Catalogs, dates and text directions: everything that depends on a reader's language."""
