"""`copilot-chat doctor`: one small function a check, and a report that can be pasted anywhere.

Rule: looking changes nothing, waits for nobody, and asks nothing. A check says what it found and,
where that is not well, what mends it; it never holds a secret, the name of an account, or the path
of the person's home.
"""
