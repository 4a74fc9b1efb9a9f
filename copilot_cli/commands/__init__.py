"""The commands: each file parses, calls and shows."""
