"""Foreign text made harmless for a terminal: every string this program did not write passes here.

The rule works on single characters and keeps no state, so that a text cut anywhere gives the same
result as in one piece. It imports nothing heavy: the piped path uses it too.
"""

import re

from copilot_cli.patterns import pattern

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Everything a terminal obeys instead of showing, or that reorders or hides what is shown: C0 and
# DEL, C1, the bidi marks that embed, override or isolate, line and paragraph separators, the byte
# order mark, interlinear annotation, tags, and surrogates (print() fails on those). ZWJ, ZWNJ, LRM
# and RLM stay: emoji, Persian and Hebrew need them. Python calls nothing of this printable, so that
# most texts do without the pattern, which costs a short answer one per cent of its CPU to compile.
_NOT_ASCII = (
    "\x80-\x9f\u061c\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_UNSAFE = pattern(f"[\x00-\x08\x0b-\x1f\x7f{_NOT_ASCII}]")
_UNSAFE_IN_JSON = pattern(f"[\x7f{_NOT_ASCII}]")
_SURROGATE = pattern("[\ud800-\udfff]")
_WHITESPACE = pattern(r"[\n\t]+")


def _picture(match: re.Match[str]) -> str:
    char = match.group()
    if char == "\r":
        return ""
    if char < " ":
        return chr(0x2400 + ord(char))
    return "\N{SYMBOL FOR DELETE}" if char == "\x7f" else _REPLACEMENT


def safe(text: str) -> str:
    r"""Return `text` with nothing in it that a terminal would obey.

    `\n` and `\t` stay, `\r` goes, other C0 characters become their pictures (U+2400...), everything
    else that could act becomes U+FFFD. `safe(a + b) == safe(a) + safe(b)`.
    """
    return text if text.isprintable() else _UNSAFE.sub(_picture, text)


def safe_line(text: str, limit: int | None = 200) -> str:
    """Return `text` safe and on one line, cut to `limit` characters with an ellipsis.

    For what stands inside a line of ours: errors, table cells, prompts, titles.
    """
    line = text if text.isprintable() else _WHITESPACE.sub(" ", safe(text))
    if limit is None or len(line) <= limit:
        return line
    return line[: limit - 1] + "…"


def utf8(text: str) -> bytes:
    """Return `text` in UTF-8, each lone surrogate as U+FFFD and nothing else changed."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(_REPLACEMENT, text).encode()


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if _SURROGATE.match(char):
        return _REPLACEMENT
    units = char.encode("utf-16-be").hex()
    return "".join(rf"\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def safe_json(encoded: str) -> str:
    r"""Return a JSON document, written without `ensure_ascii`, with unsafe characters as `\u`.

    JSON's own rules escape C0; outside of strings an encoder writes none of the others, so the
    value that a reader gets is the same (a lone surrogate, which UTF-8 cannot hold, is U+FFFD).
    """
    return _UNSAFE_IN_JSON.sub(_escaped, encoded)
