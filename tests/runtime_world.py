"""A home, a registry, and the program that installs a runtime from it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copilot_cli.app import App
from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.runtime.installing import Installed, Installer
from copilot_cli.runtime.packages import Wanted
from copilot_cli.runtime.platforms import Platform, here
from tests.npm_registry import Registry, serving
from tests.runtime_packages import VERSION
from tests.wizard_world import Person, Terminal


class RuntimeWorld:
    """One machine and one registry. `pinned` is whether the program knows the package's hash."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.home = folder / "home"
        self.person_home = folder / "person"
        self.person_home.mkdir()
        self.folder = folder / "work"
        self.folder.mkdir()
        self.registry = registry
        self.environ: dict[str, str] = {
            "COPILOT_CHAT_HOME": str(self.home),
            "COPILOT_CHAT_NO_KEYRING": "1",
            "HOME": str(self.person_home),
            "PATH": "/usr/bin:/bin",
            "npm_config_registry": registry.url,
        }
        self.pinned = True
        self.slept: list[float] = []
        self.shown: list[tuple[int, int | None]] = []
        self.stderr = io.StringIO()
        self.stdout = io.StringIO()

    @property
    def here(self) -> Platform:
        return self.registry.here

    @property
    def runtimes(self) -> Path:
        return self.home / "cache" / "runtimes"

    @property
    def target(self) -> Path:
        return self.runtimes / f"{VERSION}-{self.here.name}"

    @property
    def parts(self) -> list[Path]:
        """What is kept of packages."""
        return list(self.runtimes.glob("*.part"))

    def left(self) -> set[str]:
        """What lies in the folder of runtimes, but for the lock."""
        return {path.name for path in self.runtimes.iterdir()} - {"lock"}

    def app(self, person: Person | None = None) -> App:
        self.stderr = Terminal() if person else io.StringIO()
        self.stdout = io.StringIO()
        effects = Effects(
            environ=self.environ,
            stdin=Terminal() if person else io.TextIOWrapper(io.BytesIO()),
            stdout=self.stdout,
            stderr=self.stderr,
            sleep=self.slept.append,
            cwd=lambda: self.folder,
        )
        app = App({}, effects)
        if person is not None:
            app.__dict__["prompts"] = person
        app.__dict__["wait"] = self.slept.append
        return app

    def install(self, person: Person | None = None, **wanted: Any) -> Installed:
        """Install what the registry has, or what is wanted otherwise."""
        pins = {VERSION: {self.here.name: self.registry.digest}} if self.pinned else {}
        app = self.app(person)
        try:
            installer = Installer(
                app,
                lambda done, total: self.shown.append((done, total)),
                here=lambda: self.here,
                pins=pins,
            )
            return installer.install(Wanted(**{"version": VERSION, **wanted}))
        finally:
            app.close()

    def run(self, *words: str, typed: str | None = None) -> tuple[int, str, str]:
        """Run the program: exit code, stdout, stderr. With `typed` a person is there and types."""
        effects = self.app().effects
        if typed is not None:
            effects.stdin, effects.stderr = Terminal(typed), Terminal()
            self.stderr = effects.stderr
        code = main(words, effects)
        return code, self.stdout.getvalue(), self.stderr.getvalue()


@contextmanager
def runtime_world(folder: Path, package: bytes | None = None) -> Iterator[RuntimeWorld]:
    """A world whose registry has a package for this machine."""
    with serving(Registry(here(), package)) as registry:
        yield RuntimeWorld(folder, registry)
