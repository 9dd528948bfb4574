"""What proves and limits access: web sessions, passwords, rate limits, signatures, the audit log.

Nothing here knows a request's application; `web/keys.py` holds these objects. Signing in is `web/sign_in`.
"""
