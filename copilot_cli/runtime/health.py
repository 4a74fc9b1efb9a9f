"""Whether a runtime is what it is taken for, by starting it once."""

import math
from collections.abc import Mapping
from pathlib import Path

from copilot_cli.errors import SettingsError
from copilot_cli.runtime import versions
from copilot_cli.runtime.installed import FOLDER, INSTALLED, PATH_VARIABLE, UNPACKED, Runtime
from copilot_cli.runtime.probe import DEADLINE, Answer, probe
from copilot_cli.store.cache import read_json, write_json

_CHECKED = "checked.json"

_HINTS = {
    INSTALLED: "`copilot-chat engine install --force` fetches it anew",
    PATH_VARIABLE: f"correct {PATH_VARIABLE}, or unset it and run `copilot-chat engine install`",
}


def hint(runtime: Runtime) -> str:
    """Return the way out where `runtime` cannot be used."""
    return _HINTS[runtime.source]


def check(
    runtime: Runtime, environ: Mapping[str, str], cache: Path, *, deadline: float = DEADLINE
) -> Answer:
    """Start `runtime` and return what it says; `cache` is the program's cache folder.

    Raises `SettingsError` where it is no runtime, does not answer within `deadline` seconds, or is
    of another version than the one that is wanted.
    """
    way_out = hint(runtime)
    own = cache / FOLDER / UNPACKED
    answer = probe(runtime.path, environ, hint=way_out, cache=own, deadline=deadline)
    said = environ.get(versions.VARIABLE, "").strip()
    wanted = runtime.version or (versions.wanted(environ) if said else None)
    if wanted is not None and answer.version != wanted:
        raise SettingsError(
            f"{runtime.path} is version {answer.version or 'unknown'}, and not {wanted}",
            hint=way_out if runtime.version else f"{way_out}; or unset {versions.VARIABLE}",
            kind="runtime",
        )
    return answer


def version_of(runtime: Runtime, environ: Mapping[str, str], cache: Path, now: float) -> str | None:
    """Return the version of `runtime`; a program of the person's own is started for it, once.

    What it said holds for as long as the file stays as it is. `now` is in seconds since 1970.
    Raises as `check` does.
    """
    if runtime.version is not None:
        return runtime.version
    found = runtime.path.stat()
    # The wanted version is among it: a program that was refused for it must be looked at again.
    seen = [str(runtime.path), found.st_mtime_ns, found.st_size, environ.get(versions.VARIABLE)]
    known = read_json(cache / FOLDER / _CHECKED, math.inf, now)
    if isinstance(known, dict) and known.get("seen") == seen:
        version = known.get("version")
        return version if isinstance(version, str) else None
    version = check(runtime, environ, cache).version
    write_json(cache / FOLDER / _CHECKED, {"seen": seen, "version": version}, now)
    return version
