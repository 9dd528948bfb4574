"""Handlers of the second step at sign-in, and of second factors under the profile."""
