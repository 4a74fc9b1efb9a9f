"""Engines: each answers one turn."""
