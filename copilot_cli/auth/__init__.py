"""Signing in, and the tokens that come of it."""
