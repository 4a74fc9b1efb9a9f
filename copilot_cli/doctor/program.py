"""The program itself: versions, what it needs, and how old the identity is that it shows."""

import platform
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata

from copilot_cli import __version__, identity
from copilot_cli.doctor.check import Check, NotChecked, State
from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import SettingsError
from copilot_cli.runtime.listing import SDK_PACKAGE

OLD = 18
"""Months after which the service may have retired the values of an identity."""

_DISTRIBUTION = "copilot-chat"


def program(_: Examination) -> Iterator[Check]:
    """Versions of this program and of Python."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Check("program", "pass", f"copilot-chat {__version__} on {python}")


def system(_: Examination) -> Iterator[Check]:
    """The operating system, as far as it matters to a bug report."""
    name = platform.system() or sys.platform
    yield Check("system", "pass", f"{name} {platform.release()} {platform.machine()}".strip())


def libraries(_: Examination) -> Iterator[Check]:
    """Whether everything that the installed package asks for is there, and in which version."""
    try:
        wanted = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise NotChecked("it runs from its source, which lists no libraries") from None
    found, missing = [], []
    for name in _names(wanted):
        version = _version(name)
        if version is None:
            missing.append(name)
        else:
            found.append(f"{name} {version}")
    if missing:
        detail = f"not installed: {', '.join(missing)}"
        yield Check("libraries", "fail", detail, "install copilot-chat anew, for example with pip")
    else:
        yield Check("libraries", "pass", ", ".join(found))


def _names(wanted: list[str]) -> Iterator[str]:
    """Yield the names in what a package wants, without extras and other platforms."""
    for line in wanted:
        what, _, marker = line.partition(";")
        if "extra ==" in marker or ("win32" in marker and sys.platform != "win32"):
            continue
        name = re.match(r"[A-Za-z0-9._-]+", what.strip())
        if name:
            yield name.group()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def identity_age(examination: Examination) -> Iterator[Check]:
    """How long ago the identity values were current; the service retires old ones with 466."""
    year, month = map(int, identity.AS_OF.split("-"))
    now = datetime.fromtimestamp(examination.app.effects.now(), UTC)
    age = (now.year - year) * 12 + now.month - month
    replaced = sorted(examination.settings.editor_identity)
    detail = f"values of {identity.AS_OF}, {age} months old"
    if replaced:
        detail += f"; the settings replace {', '.join(replaced)}"
    if age <= OLD or set(replaced) == set(identity.VALUES):
        yield Check("identity", "pass", detail)
    else:
        fix = "update copilot-chat, or set editor_identity: docs/risk.md tells more"
        yield Check("identity", "warn", detail, fix)


def runtime(examination: Examination) -> Iterator[Check]:
    """GitHub's SDK and runtime, which the engine official needs, and no other."""
    from copilot_cli.runtime import versions

    needed = examination.settings.engine == "official"
    version = _version(SDK_PACKAGE)
    if version is None:
        if not needed:
            engine = examination.settings.engine
            raise NotChecked(f"{SDK_PACKAGE} is not installed; the engine {engine} needs none")
        yield Check("official-runtime", "fail", f"{SDK_PACKAGE} is not installed", _GET_SDK)
        return
    sdk = f"{SDK_PACKAGE} {version}"
    try:
        found = _runtime_version(examination)
    except SettingsError as error:
        state: State = "fail" if needed else "pass"
        yield Check("official-runtime", state, f"{sdk}; {error.message}", error.hint)
        return
    detail = f"{sdk}; the runtime {found or 'of unknown version'} answers"
    if version == versions.SDK and found == versions.RUNTIME:
        yield Check("official-runtime", "pass", detail)
    else:
        fix = f"copilot-chat is made for the SDK {versions.SDK} and the runtime {versions.RUNTIME}"
        yield Check("official-runtime", "warn", detail, fix)


_GET_SDK = "pip install 'copilot-chat[official]'"
_PATIENCE = 5.0  # seconds for the runtime to answer


def _runtime_version(examination: Examination) -> str | None:
    """Start the runtime that would be used, and return its version. Raises `SettingsError`."""
    from copilot_cli.runtime import health, installed

    app = examination.app
    found, cache = installed.find(app), examination.settings.paths.cache_dir
    return health.check(found, app.effects.environ, cache, deadline=_PATIENCE).version
