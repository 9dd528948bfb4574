"""Accepting, timing and evicting connections, below HTTP."""
