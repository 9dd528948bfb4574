"""Real providers of sign-in, from npm and PyPI, as processes of their own."""
