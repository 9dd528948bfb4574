"""Browsers of other years: fetched, driven, and led along a service user's path."""
