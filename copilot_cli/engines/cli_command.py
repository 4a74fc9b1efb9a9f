"""The command `copilot`: where it is, whether it is that, and what it is started with.

Rule: no word of a conversation and no secret is in its arguments, which everybody on the machine
can read. The prompt goes to its stdin, secrets into its environment.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.errors import ModelUnavailable, SettingsError
from copilot_cli.messages import AUTO, ModelInfo, Request
from copilot_cli.patterns import pattern
from copilot_cli.secret import Secret
from copilot_cli.ui.safe import safe_line

PATH_VARIABLE = "COPILOT_CLI_PATH"
MINIMUM = (1, 0, 100)
"""The oldest version that knows all of `_OPTIONS`; its changelog names the last one there."""

UPDATE = "npm install -g @github/copilot brings the newest"
INSTALL = (
    "install it (npm install -g @github/copilot) or name it in COPILOT_CLI_PATH;"
    " the engine direct does without"
)
USAGE_FILE = "usage.json"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

NO_TOOL = "none"
"""A tool that does not exist, as the only one there is: an empty list means all of them."""

_OPTIONS = (
    "--output-format=json",
    f"--available-tools={NO_TOOL}",
    "--disable-builtin-mcps",
    "--no-custom-instructions",
    "--no-ask-user",
    "--no-auto-update",
    "--no-color",
    "--no-remote",
    "--log-level=none",
    "--disable-client-telemetry",
    f"--usage-output-file={USAGE_FILE}",
)
# What a shell of Windows obeys is in no model's id, and `copilot` is a script for it there.
_MODEL = pattern(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")
_VERSION = pattern(r"\AGitHub Copilot CLI (\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_ELSEWHERE = ("XDG_", "OTEL_", "COPILOT_", "GITHUB_", "GH_", "NODE_COMPILE")
"""Variables that would have it read, write or send elsewhere than we say."""

NAMELESS = "custom"
"""A model that the command knows nothing of. Of one that is called `claude…` it insists on 32,000
tokens of answer, which not all of them give; what is asked of the endpoint is the real name."""

_STRUCK_OUT = 16
"""The command strikes a key out of all it prints: shorter than this, it may be any word."""


def find_program(environ: Mapping[str, str]) -> Path:
    """Return the command's path: that of COPILOT_CLI_PATH, else `copilot` on the PATH.

    Raises `SettingsError` where there is none. Relative entries of the PATH are passed over: the
    working folder is no place to take a program from that gets a token.
    """
    if given := environ.get(PATH_VARIABLE, "").strip():
        path = Path(given).expanduser().absolute()
        if _is_program(path):
            return path
        raise SettingsError(
            f"{PATH_VARIABLE} names {safe_line(str(path))}, which is no program",
            hint=INSTALL,
            kind="runtime",
        )
    for path in _candidates(environ):
        if _is_program(path):
            return path
    raise SettingsError(
        "the engine cli needs the command copilot, which is not on the PATH",
        hint=INSTALL,
        kind="runtime",
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    suffixes = (".exe", ".cmd", ".bat") if sys.platform == "win32" else ("",)
    for folder in environ.get("PATH", "").split(os.pathsep):
        if Path(folder).is_absolute():
            yield from (Path(folder, f"copilot{suffix}") for suffix in suffixes)


def _is_program(path: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK)
    except (OSError, ValueError):
        return False


def check_version(program: Path, said: str) -> None:
    """Raise `SettingsError` unless `said`, what `--version` prints, is of a version that will do.

    AWS has a command of the same name, and the runtime of the engine official is not this one.
    """
    match = _VERSION.search(said)
    if match is None:
        line = safe_line(said.strip().partition("\n")[0], 80) or "nothing"
        raise SettingsError(
            f"{program} is not the command of GitHub Copilot: asked for its version, it says"
            f" {line!r}",
            hint=INSTALL,
            kind="runtime",
        )
    if tuple(map(int, match.groups())) < MINIMUM:
        raise SettingsError(
            f"{program} is version {'.'.join(match.groups())}; the engine cli needs"
            f" {'.'.join(map(str, MINIMUM))} or a later one",
            hint=UPDATE,
            kind="runtime",
        )


def unpacked(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return where the command keeps what it unpacks of itself, 200 MB: not to be done each time.

    Read from its loader, version 1.0.102.
    """
    for name in ("COPILOT_PKG_CACHE_HOME", "COPILOT_CACHE_HOME"):
        if environ.get(name):
            return Path(environ[name])
    home = Path(environ.get("USERPROFILE" if platform == "win32" else "HOME") or Path.home())
    if platform == "darwin":
        return home / "Library" / "Caches" / "copilot"
    variable = "LOCALAPPDATA" if platform == "win32" else "XDG_CACHE_HOME"
    return Path(environ.get(variable) or home / ".cache", "copilot")


def arguments(request: Request, images: Sequence[str], *, nameless: bool = False) -> list[str]:
    """Return the arguments for `request`; `images` are files in the working folder.

    `nameless`: the model's name is told by `endpoint_variables`.

    Raises `ModelUnavailable` for a name that no model has.
    """
    if request.model != AUTO and not _MODEL.fullmatch(request.model):
        raise ModelUnavailable(
            f"{safe_line(request.model, 80)!r} is no name of a model",
            hint="`copilot-chat models` lists them",
        )
    name = NAMELESS if nameless else request.model
    found = [*_OPTIONS, f"--model={name}", f"--stream={'on' if request.stream else 'off'}"]
    if request.effort in EFFORTS:
        found.append(f"--reasoning-effort={request.effort}")
    return found + [f"--attachment={name}" for name in images]


class Folders(NamedTuple):
    """Where one run may read and write: all of it is gone after the run."""

    home: Path
    state: Path
    cache: Path
    temporary: Path


def environ_of(base: Mapping[str, str], folders: Folders, unpacked_in: Path) -> dict[str, str]:
    """Return `base`, which has no secret, with every place of the person's replaced by ours."""
    kept = {name: value for name, value in base.items() if not name.upper().startswith(_ELSEWHERE)}
    home, temporary = str(folders.home), str(folders.temporary)
    return {
        **kept,
        **dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), home),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
        "GIT_CEILING_DIRECTORIES": str(folders.home.parent),
        "COPILOT_HOME": str(folders.state),
        "COPILOT_CACHE_HOME": str(folders.cache),
        "COPILOT_PKG_CACHE_HOME": str(unpacked_in),
        "COPILOT_AUTO_UPDATE": "false",
    }


def is_nameless(endpoint: Endpoint) -> bool:
    """Say whether the command is not to know by its arguments which model it asks."""
    return endpoint.type == "anthropic"


def endpoint_variables(
    endpoint: Endpoint, request: Request, model: ModelInfo | None
) -> dict[str, str | Secret]:
    """Return the variables that tell the command of the person's own `endpoint`.

    `model` is what is known of the one that `request` asks. Raises `SettingsError` for a header
    that cannot be told.
    """
    found: dict[str, str | Secret] = {
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": _base_url(endpoint),
        "COPILOT_PROVIDER_TYPE": endpoint.type,
    }
    if endpoint.wire:
        found["COPILOT_PROVIDER_WIRE_API"] = endpoint.wire
    if endpoint.api_version:
        found["COPILOT_PROVIDER_AZURE_API_VERSION"] = endpoint.api_version
    if model is not None and model.prompt_tokens:
        found["COPILOT_PROVIDER_MAX_PROMPT_TOKENS"] = str(model.prompt_tokens)
    cap = request.max_output or (model and model.output_tokens)
    if is_nameless(endpoint):
        from copilot_cli.wires.messages_request import DEFAULT_CAP

        found["COPILOT_PROVIDER_MODEL_ID"] = NAMELESS
        found["COPILOT_PROVIDER_WIRE_MODEL"] = request.model
        cap = cap or DEFAULT_CAP  # this API wants to be told one
    if cap:
        found["COPILOT_PROVIDER_MAX_OUTPUT_TOKENS"] = str(cap)
    headers = dict(endpoint.headers) | _key_headers(endpoint)
    if not _key_headers(endpoint):
        found |= _key_variables(endpoint)
    if headers:
        found["COPILOT_PROVIDER_HEADERS"] = Secret("\n".join(map(_header, headers.items())))
    return found


def _base_url(endpoint: Endpoint) -> str:
    """Return the address to which the command adds `/chat/completions` or `/v1/messages`."""
    base = endpoint.base_url
    if endpoint.type == "anthropic":
        return base.removesuffix("/v1")
    if endpoint.type == "openai" and not urlsplit(base).path.rstrip("/"):
        return f"{base}/v1"
    return base


def _key_variables(endpoint: Endpoint) -> dict[str, str | Secret]:
    if endpoint.bearer is not None:
        return {"COPILOT_PROVIDER_BEARER_TOKEN": endpoint.bearer}
    return {} if endpoint.key is None else {"COPILOT_PROVIDER_API_KEY": endpoint.key}


def _key_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the header with a key so short that the command would strike words out of answers.

    Local servers want one and take any: `ollama`, `none`. Azure's are long, and without the
    variable the command would look for a managed identity.
    """
    key = endpoint.bearer or endpoint.key
    if key is None or len(key.reveal()) >= _STRUCK_OUT or endpoint.type == "azure":
        return {}
    from copilot_cli.engines.provider_rows import authorization

    return authorization(endpoint)


def _header(header: tuple[str, str]) -> str:
    name, value = header
    if re.search(r"\\n|[\r\n]", value):
        raise SettingsError(f"the engine cli cannot send the header {name}: its value holds \\n")
    return f"{name}: {value}"


def shown(variables: Mapping[str, str | Secret]) -> dict[str, str]:
    """Return `variables` as a person may see them."""
    return {
        name: "****" if isinstance(value, Secret) else value for name, value in variables.items()
    }


def revealed(variables: Mapping[str, str | Secret]) -> dict[str, str]:
    """Return `variables` as the program gets them."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in variables.items()
    }
