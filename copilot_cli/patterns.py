"""Regular expressions that are compiled when they are first used.

A short `ask` imports some forty patterns and uses five: compiling all of them is a twentieth of its
CPU. What is returned behaves as the compiled pattern does.
"""

import re
from typing import Any, cast


class _Pattern:
    """Compiles itself at the first look at any of its methods, which it then keeps."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        self.__dict__[name] = found
        return found


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return the pattern `source`, not compiled yet; a mistake in it shows at its first use."""
    return cast("re.Pattern[str]", _Pattern(source, flags))


def bytes_pattern(source: bytes, flags: int = 0) -> re.Pattern[bytes]:
    """Return the same for bytes."""
    return cast("re.Pattern[bytes]", _Pattern(source, flags))
