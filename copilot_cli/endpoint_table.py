"""The table `[endpoints.NAME]` of `config.toml`: its rows checked, and no secret among them.

Rule: a fault names file and line, and never the value. Unknown keys are passed over, as everywhere
in that file, but for those that can only hold a secret.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli import kinds, providers
from copilot_cli.config_file import ConfigFile
from copilot_cli.environment import check_header
from copilot_cli.errors import SettingsError
from copilot_cli.secret import redact
from copilot_cli.sensitive import holds_secret

if TYPE_CHECKING:
    from copilot_cli.engines.endpoint import ProviderType, WireChoice

NO_SECRETS = "`copilot-chat onboard --method byok` takes the key and seals it"


class Row(NamedTuple):
    """One endpoint as the file has it; `type` is guessed where `guessed` says so."""

    name: str
    url: str
    type: "ProviderType"
    guessed: bool
    wire: "WireChoice | None"
    model: str | None
    api_version: str | None
    headers: Mapping[str, str]
    default: bool


def refuse_secrets(config: ConfigFile) -> None:
    """Raise SettingsError with file and line for the first secret in the table."""
    for name, row in config.table("endpoints").items():
        for key, value in row.items():
            where = f"endpoints.{name}.{key}"
            if providers.names_secret(key) or _is_secret(value):
                raise _secret(config, where)
            for header, text in value.items() if isinstance(value, dict) else ():
                if providers.names_secret(header) or _is_secret(text):
                    raise _secret(config, f"{where}.{header}", where)


def read(config: ConfigFile) -> tuple[Row, ...]:
    """Return the endpoints of the file, in its order. Raises SettingsError with file and line."""
    refuse_secrets(config)
    table = config.table("endpoints").items()
    return tuple(_row(name, row, partial(_fault, config, name)) for name, row in table)


def check_value(path: Sequence[str], text: str) -> object:
    """Return `text` as the value of the key `path` of the table, as the file is to have it.

    Raises SettingsError for a value that cannot be, and for every secret.
    """
    _, name, key, *header = path
    dotted = ".".join(path)
    if providers.names_secret(path[-1]) or _is_secret(text):
        raise SettingsError(
            f"{dotted}: this is a secret, and config.toml holds none", hint=NO_SECRETS
        )
    if wrong := providers.name_fault(name):
        raise SettingsError(f"{dotted}: {wrong}")
    try:
        checked = _CHECKS.get(key, kinds.TEXT.check)({".".join(header): text} if header else text)
    except ValueError as error:
        raise SettingsError(f"{dotted}: {error}") from error
    return checked if isinstance(checked, bool) else text


def _row(name: str, row: Mapping[str, Any], fault: Callable[[str, str], SettingsError]) -> Row:
    if wrong := providers.name_fault(name):
        raise fault("", wrong)

    def checked(key: str) -> Any:
        try:
            return None if row.get(key) is None else _CHECKS[key](row[key])
        except ValueError as error:
            raise fault(key, str(error)) from error

    found = checked("url")
    if found is None:
        raise fault("", "has no url")
    url, version = found
    kind = checked("type")
    return Row(
        name,
        url,
        kind or providers.guess(url),
        guessed=kind is None,
        wire=checked("wire"),
        model=checked("model"),
        api_version=checked("api_version") or version,
        headers=checked("headers") or MappingProxyType({}),
        default=bool(checked("default")),
    )


def _address(value: object) -> tuple[str, str | None]:
    if not isinstance(value, str):
        raise ValueError("must be an https address")  # noqa: TRY004 - as all wrong values
    return providers.address(value)


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of headers")  # noqa: TRY004 - as all wrong values
    for header, text in value.items():
        if not isinstance(text, str) or (wrong := check_header(header, text)):
            raise ValueError(wrong if isinstance(text, str) else "must be a table of texts")
    return dict(value)


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "url": _address,
    "type": providers.TYPES.check,
    "wire": providers.WIRES.check,
    "model": kinds.TEXT.check,
    "api_version": providers.api_version,
    "headers": _headers,
    "default": kinds.SWITCH.check,
}


def _is_secret(value: object) -> bool:
    return isinstance(value, str) and (redact(value) != value or holds_secret(value))


def _fault(config: ConfigFile, name: str, key: str, complaint: str) -> SettingsError:
    return config.fault(f"endpoints.{name}.{key}" if key else f"endpoints.{name}", complaint)


def _secret(config: ConfigFile, *wheres: str) -> SettingsError:
    """Return the error for a secret at the first of `wheres` that has a line."""
    where = next((each for each in wheres if config.line(each)), wheres[-1])
    error = config.fault(where, "looks like a secret, and config.toml holds none")
    error.hint = NO_SECRETS
    return error
