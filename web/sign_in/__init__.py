"""Signing a browser in and out, and what wrong passwords cost: on top of `web/access`."""
