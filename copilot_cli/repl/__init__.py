"""The chat: `loop.py` reads and answers, `table.py` lists the commands, the rest are what they do.

Rule: a command is a function of the chat and of what stands behind its name; it says what it did on
stderr, asks before anything is lost or leaves the machine, and sends nothing unless that is its
purpose.
"""
