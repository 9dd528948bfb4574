"""Talking to the organization's provider of sign-in: OpenID Connect Core, Discovery, and its logouts.

What is believed of a provider's answers is decided here. Whom the server lets in is
`signaling/identity.py`; pages and web sessions are `web/pages/provider`.
"""
