"""Where the person's npm fetches packages from, and what it shows there.

As npm does it: a registry of the scope `@github` before the general one; a variable before the
project's `.npmrc`, that before the person's own (docs.npmjs.com/cli/configuring-npm/npmrc). One
rule is stricter: a project's file may come with a cloned repository, so it can name a registry and
bring a token of its own, and no variable of the person's is ever put into it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from copilot_cli import kinds
from copilot_cli.errors import SettingsError
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret, unsendable_position

DEFAULT = "https://registry.npmjs.org"
_KEYS = ("@github:registry", "registry")
_PREFIX = "npm_config_"
_MAX_BYTES = 256 * 1024
_CREDENTIAL = pattern(r"//(?P<place>[^\s:]+(?::\d+)?[^\s:]*):(?P<kind>_authToken|_auth)")
_SCHEMES = {"_authToken": "Bearer", "_auth": "Basic"}
_VARIABLE = pattern(r"\$\{(\w+)(\?)?\}")


class Npm(NamedTuple):
    """A registry, who named it, and what is shown to which part of which host."""

    registry: str
    source: str
    credentials: Mapping[str, Secret]

    def authorization(self, url: str) -> dict[str, str]:
        """Return the header that `url` gets: that of the longest place it lies in, else none."""
        parts = urlsplit(url)
        place = f"{parts.netloc.lower()}{parts.path}/"
        fit = [known for known in self.credentials if place.startswith(known)]
        return {"Authorization": self.credentials[max(fit, key=len)].reveal()} if fit else {}


class _Layer(NamedTuple):
    """What one place sets, by npm's names, and what the place is called."""

    values: Mapping[str, str]
    source: str


def read(environ: Mapping[str, str], home: Path | None, project: Path | None) -> Npm:
    """Return what npm would use. `project` is the nearest `.npmrc` above the folder one is in.

    Raises `SettingsError` for a file that cannot be read, and for an address or a token that
    cannot be used.
    """
    layers = list(_layers(environ, home, project))
    credentials: dict[str, Secret] = {}
    for layer in reversed(layers):
        credentials |= _credentials(layer)
    for key in _KEYS:
        for layer in layers:
            if text := layer.values.get(key, "").strip():
                return Npm(_address(text, key, layer.source), layer.source, credentials)
    return Npm(DEFAULT, "npm's default", credentials)


def _layers(
    environ: Mapping[str, str], home: Path | None, project: Path | None
) -> Iterator[_Layer]:
    """Yield every place that says something, the one that wins first."""
    variables = {
        name[len(_PREFIX) :]: value
        for name, value in environ.items()
        if name.lower().startswith(_PREFIX)
    }
    named = {_plain(name): value for name, value in variables.items()}
    yield _Layer(named, "the variable npm_config_registry")
    own = Path(named["userconfig"]) if named.get("userconfig") else home and home / ".npmrc"
    if project is not None and project != own:
        yield _Layer(_parsed(project), str(project))
    for file in (own, Path(named["globalconfig"]) if named.get("globalconfig") else None):
        if file is not None:
            values = {key: _filled(text, environ) for key, text in _parsed(file).items()}
            yield _Layer(values, str(file))


def _plain(name: str) -> str:
    """Return a name as npm writes it in a file; the place of a credential stays as it is."""
    return name if name.startswith("//") else name.lower()


def _parsed(file: Path) -> dict[str, str]:
    """Return the keys and values of a file, which need not be there. Raises `SettingsError`."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        reason = error.strerror or "no reason given"
        raise SettingsError(f"{file} cannot be read: {reason}") from error
    if len(data) > _MAX_BYTES:
        raise SettingsError(f"{file} is too long to be npm's settings")
    found: dict[str, str] = {}
    for line in data.decode("utf-8-sig", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith((";", "#")):
            found[_plain(key.strip())] = value.strip().strip("\"'")
    return found


def _filled(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` with variables put in; nothing at all where one of them is not set."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        missing = missing or (match[1] not in environ and not match[2])
        return environ.get(match[1], "")

    filled = _VARIABLE.sub(value, text)
    return "" if missing else filled


def _credentials(layer: _Layer) -> Iterator[tuple[str, Secret]]:
    """Yield each place of a registry with the header that is shown there."""
    for key, text in layer.values.items():
        match = _CREDENTIAL.fullmatch(key)
        if match is None or not text or _VARIABLE.search(text):
            continue
        if unsendable_position(text) is not None:
            raise SettingsError(f"{layer.source}: the {match['kind']} in it cannot be sent")
        host, slash, path = match["place"].rstrip("/").partition("/")
        yield f"{host.lower()}{slash}{path}/", Secret(f"{_SCHEMES[match['kind']]} {text}")


def _address(text: str, key: str, source: str) -> str:
    try:
        return str(kinds.URL.check(text))
    except ValueError as error:
        raise SettingsError(
            f"{source}: {key} {error}",
            hint="`copilot-chat engine install --file PATH` takes a package fetched by other means",
        ) from error
