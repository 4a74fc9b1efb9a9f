"""What the environment holds beside settings: tokens, extra headers, switches.

Rule: a blank variable is an unset one. A malformed one is a SettingsError that names it and the
place of the fault, and never repeats the value.
"""

from collections.abc import Mapping

from copilot_cli.errors import SettingsError
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret, redact, strip_newline, unsendable_position
from copilot_cli.values import NamedTuple

EXTRA_HEADERS_VARIABLE = "GITHUB_COPILOT_EXTRA_HEADERS"
PROVIDER_VARIABLES = ("COPILOT_PROVIDER_BASE_URL", "GITHUB_COPILOT_PROVIDER_URL")
"""The address of an endpoint of one's own: the first counts, since the key has its prefix."""
_SECRET_VARIABLES = ("TOKEN", "PASSPHRASE", "API_KEY", "EXTRA_HEADERS", "PROVIDER_HEADERS")
_SECRET_WORDS = (
    *("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL"),
    *("API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY"),
)
_SECRET_AT_END = ("_PASS", "_PWD", "SSHPASS")  # not PWD, where one is, nor BYPASS
_OURS = ("COPILOT_", "GITHUB_COPILOT_", "_COPILOT_")
_RESERVED_HEADERS = frozenset({"authorization", "host", "content-length"})
_HEADER_NAME = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2, a token
_HEADER_VALUE = pattern(r"[\x20-\x7e]+")


class EnvToken(NamedTuple):
    """A GitHub token from the environment, and the variable it came from."""

    name: str
    secret: Secret


def first_token(variables: tuple[str, ...], environ: Mapping[str, str]) -> EnvToken | None:
    """Return the first token of `variables` that is set; the next is not tried for a bad one."""
    for name in variables:
        value = strip_newline(environ.get(name, ""))
        if not value.strip():
            continue
        position = unsendable_position(value)
        if position is not None:
            raise SettingsError(
                f"{name}: the token cannot be sent (position {position})",
                hint=f"set {name} to the token alone, or unset it",
            )
        return EnvToken(name, Secret(value))
    return None


def parse_extra_headers(text: str, variable: str = EXTRA_HEADERS_VARIABLE) -> Mapping[str, str]:
    """Parse `Name:value,Name:value`; raise SettingsError saying which item is malformed."""
    headers: dict[str, str] = {}
    seen: set[str] = set()
    for count, item in enumerate(text.split(",") if text.strip() else (), start=1):
        name, _, value = (part.strip() for part in item.partition(":"))
        where = f"{variable}: item {count}"
        if wrong := check_header(name, value):
            raise SettingsError(f"{where}: {wrong}")
        if name.lower() in seen:
            raise SettingsError(f"{where}: {name} is set twice")
        seen.add(name.lower())
        headers[name] = value
    return headers


def check_header(name: str, value: str) -> str | None:
    """Return why a header cannot be set by hand, as a clause without its value; None if it can."""
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        return "not Name:value"
    return f"{name} cannot be set" if name.lower() in _RESERVED_HEADERS else None


def switched_on(variable: str, environ: Mapping[str, str]) -> bool:
    """Say whether a variable that is a switch is set, and not plainly off."""
    return environ.get(variable, "").strip().lower() not in ("", "0", "false", "no", "off")


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without what is secret: what another program is started with."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().endswith(_SECRET_VARIABLES)
    }


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without what is secret and without our own variables."""
    kept = child_environ(environ)
    return {name: value for name, value in kept.items() if not name.upper().startswith(_OURS)}


def foreign_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `clean_environ` without whatever is called a secret, or holds one, of anybody's.

    But a proxy's, which they need to get anywhere.

    For programs that are not started for what the person keeps in their environment.
    """
    kept = clean_environ(environ)
    return {name: value for name, value in kept.items() if not _is_secret(name.upper(), value)}


def _is_secret(name: str, value: str) -> bool:
    called = name.endswith(_SECRET_AT_END) or any(word in name for word in _SECRET_WORDS)
    return called or (redact(value) != value and not name.endswith("_PROXY"))
