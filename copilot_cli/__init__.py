"""copilot-chat: a terminal client for GitHub Copilot chat."""

__version__ = "0.1.0"
