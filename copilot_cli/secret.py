"""A value that must not be seen: it does not print, format, pickle or compare loudly.

`Secret.reveal()` is called where a header or a sealed message is built, and nowhere else.
`redact()` is the last line of defence for text that leaves the program.
"""

from typing import NoReturn

from copilot_cli.patterns import pattern

_SENDABLE = pattern(r"[\x21-\x7e]{8,1024}")
_MAX_TOKEN = 1024

_OF_GITHUB = pattern(r"(?<![0-9A-Za-z])(?:gh[opusr]_|github_pat_|tid=)")
_SECRETS = pattern(
    r"gh[opusr]_\w{10,}"
    r"|github_pat_\w{10,}"
    r"|\btid=[^\s\"']+"
    r"|(?i:\bauthorization:\s*\S+(?:\s+\S+)?)"
    r"|(?i:\bbearer\s+[^\s\"']{8,})"
    r"|(?<=://)[^/\s@:]+:[^/\s@]*(?=@)"
    r"|(?<=access_token=)[^\s&\"']+"
)


class Secret:
    """One secret string. Python cannot wipe it from memory; it can keep it out of sight."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("Secret(****)", spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


def unsendable_position(value: str) -> int | None:
    """Return None if `value` can be sent in a header, else the 1-based position of the first fault.

    A token of the right characters and the wrong length is reported at the position where it
    stops being one. The value itself is never part of a message.
    """
    if _SENDABLE.fullmatch(value):
        return None
    for index, char in enumerate(value, start=1):
        if not "\x21" <= char <= "\x7e":
            return index
    return min(len(value), _MAX_TOKEN) + 1


def names_github(text: str) -> bool:
    """Say whether `text` holds a token of GitHub or Copilot, by how such tokens begin.

    Source: github/docs, "GitHub's token formats"; microsoft/vscode-copilot-chat for `tid=`.
    """
    return _OF_GITHUB.search(text) is not None


def strip_newline(value: str) -> str:
    r"""Return `value` without exactly one trailing `\n` or `\r\n`."""
    return value[:-2] if value.endswith("\r\n") else value.removesuffix("\n")


def redact(text: str) -> str:
    """Return `text` with everything that looks like a credential replaced by `****`."""
    return _SECRETS.sub("****", text)
