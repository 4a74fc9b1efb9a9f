"""Which of the official runtime's packages fits this machine.

npm has one package for each platform: https://www.npmjs.com/package/@github/copilot lists them as
its optional dependencies. Elsewhere the other engines work, and that is said.
"""

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from copilot_cli.errors import SettingsError

_SYSTEMS = ("linux", "linuxmusl", "darwin", "win32")
_MACHINES = {
    "x86_64": "x64",
    "amd64": "x64",
    "x64": "x64",
    "aarch64": "arm64",
    "arm64": "arm64",
}


class Platform(NamedTuple):
    """One platform: `system` is linux, linuxmusl, darwin or win32, `machine` x64 or arm64."""

    system: str
    machine: str

    @property
    def name(self) -> str:
        """The platform as npm names it, for example `linux-x64`."""
        return f"{self.system}-{self.machine}"

    @property
    def package(self) -> str:
        """The npm package of its runtime."""
        return f"@github/copilot-{self.name}"

    @property
    def executable(self) -> str:
        """The name of the program that is started."""
        return "copilot-runtime.exe" if self.system == "win32" else "copilot-runtime"

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that a runtime consists of; the program loads the other one."""
        return (self.executable, "runtime.node")


PLATFORMS = tuple(Platform(system, machine) for system in _SYSTEMS for machine in ("x64", "arm64"))


def here(
    system: str = sys.platform,
    machine: str | None = None,
    musl: Callable[[], bool] | None = None,
) -> Platform:
    """Return this machine's platform. Raises `SettingsError` where there is no runtime for it.

    The arguments are for tests: `sys.platform`, `platform.machine()`, whether its C is musl.
    """
    named = platform.machine() if machine is None else machine
    known = _MACHINES.get(named.lower())
    if known is None or system not in {"linux", "darwin", "win32"}:
        raise SettingsError(
            f"there is no official runtime for {system} on {named or 'this processor'}",
            hint="the engines direct and byok work here: `copilot-chat --help`, docs/engines.md",
            kind="runtime",
        )
    if system == "linux" and (musl or _is_musl)():
        system = "linuxmusl"
    return Platform(system, known)


def _is_musl() -> bool:
    """Say whether this Python runs on musl: then so does the runtime (Alpine and its like)."""
    if platform.libc_ver()[0] == "glibc":
        return False
    return any(Path("/lib").glob("ld-musl-*.so.1"))
