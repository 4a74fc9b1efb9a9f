"""What kinds of values a setting can have: text from outside in, a checked value out.

Rule: every function takes a value (a text from an option or a variable, or whatever TOML held) and
returns the value to use, or raises ValueError saying what is allowed, never repeating the value:
it may be a token that was pasted in the wrong place.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from copilot_cli.patterns import pattern
from copilot_cli.values import NamedTuple

_COMPANY_HOST = pattern(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.ghe\.com")
_LOOPBACK = pattern(r"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
_URL = pattern(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(?P<port>:\d{1,5})?(?P<path>/[^\s?#]*)?"
)
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


class Kind(NamedTuple):
    """How a value is read: its name in the reference, and its check."""

    name: str
    check: Callable[[object], object]
    choices: tuple[str, ...] = ()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 - one kind of failure for a wrong value
    text = value.strip()
    if not text:
        raise ValueError("must not be empty")
    if not text.isprintable():
        raise ValueError("must be a text without control characters")
    return text


def words(*choices: str) -> Kind:
    """Return the kind whose values are exactly `choices`; TOML's booleans read as on and off."""

    def check(value: object) -> str:
        word = ("on" if value else "off") if isinstance(value, bool) else value
        if not isinstance(word, str) or word.strip().lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return word.strip().lower()

    return Kind(" | ".join(choices), check, choices)


def whole(least: int, most: int) -> Kind:
    """Return the kind of whole numbers from `least` to `most`."""

    def check(value: object) -> int:
        complaint = f"must be a whole number from {least} to {most}"
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(complaint)
        return value

    return Kind(f"{least} to {most}", check)


def number(above: float, most: float) -> Kind:
    """Return the kind of finite numbers greater than `above` and at most `most`."""

    def check(value: object) -> float:
        figure = float("nan")
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            with suppress(ValueError, OverflowError):
                figure = float(value)
        if above < figure <= most:  # false for NaN
            return figure
        raise ValueError(f"must be a number above {above:g} and at most {most:g}")

    return Kind("number", check)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _YES | _NO:
        raise ValueError("must be true or false")
    return word in _YES


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("must be a path")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        raise ValueError("must be a path whose ~ can be expanded") from None


def _names(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError("must be a list of texts")  # noqa: TRY004
    return tuple(_text(item) for item in items)


def table(*keys: str) -> Kind:
    """Return the kind of tables that hold texts under some of `keys`, fit to be sent as headers."""

    def check(value: object) -> dict[str, str]:
        if not isinstance(value, dict) or not set(value) <= set(keys):
            raise ValueError(f"must be a table with keys of {', '.join(keys)}")
        texts = {key: _text(item) for key, item in value.items()}
        if not all(text.isascii() for text in texts.values()):
            raise ValueError("must be a table of texts in ASCII")
        return texts

    return Kind("table", check, keys)


def _store(value: object) -> str:
    text = _text(value)
    if text in ("keyring", "passphrase", "keyfile", "none"):
        return text
    if re.fullmatch(r"keyring:[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", text):
        return text
    raise ValueError("must be one of keyring, passphrase, keyfile, none, or keyring:module.Class")


def is_loopback(host: str) -> bool:
    """Say whether `host`, with or without a port, is this machine and can be nothing else."""
    return _LOOPBACK.fullmatch(host.lower()) is not None


def _host(value: object) -> str:
    text = re.sub(r"^https?://", "", _text(value).lower()).rstrip("/")
    if text == "github.com" or _COMPANY_HOST.fullmatch(text) or is_loopback(text):
        return text
    raise ValueError("must be github.com or a company's own SUBDOMAIN.ghe.com")


def _url(value: object) -> str:
    match = _URL.fullmatch(_text(value).lower())
    if match is None:
        raise ValueError("must be an https address without user name, query or fragment")
    if match["scheme"] == "http" and not is_loopback(match["host"]):
        raise ValueError("must be an https address (http is for this machine only)")
    if int((match["port"] or ":0")[1:]) > 65535:
        raise ValueError("must be an https address with a port that exists")
    path = _text(value)[match.start("path") :] if match["path"] else ""
    return f"{match['scheme']}://{match['host']}{match['port'] or ''}{path.rstrip('/')}"


TEXT = Kind("text", _text)
SWITCH = Kind("true | false", _switch)
PATH = Kind("path", _path)
NAMES = Kind("list of texts", _names)
STORE = Kind("keyring | passphrase | keyfile | none | keyring:module.Class", _store)
HOST = Kind("host", _host)
URL = Kind("https address", _url)
