"""What all addresses share: who asks, posted forms, errors as responses, security headers."""
