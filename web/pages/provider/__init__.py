"""Handlers of signing in and out by the organization's provider."""
