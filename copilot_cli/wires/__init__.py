"""Wires: how requests and streams are written. Pure; no I/O."""
