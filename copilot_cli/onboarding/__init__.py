"""The wizard, one file a step."""
