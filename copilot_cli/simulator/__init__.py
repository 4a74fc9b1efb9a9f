"""A stand-in for GitHub and Copilot on loopback. It imports nothing else of this package."""
