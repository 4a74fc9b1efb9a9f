"""Installing a runtime: fetched, held to a hash, unpacked, tried, and then moved into place.

One process at a time, by a lock; another finds it installed. What is there under its final name is
whole and has answered once. What an interrupted run leaves is a part of a package, with which the
next goes on, and a folder that the next removes.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import LockTimeout
from copilot_cli.runtime import health, platforms
from copilot_cli.runtime.archive import Damaged, Unpacked, unpack
from copilot_cli.runtime.download import Progress, unwritable
from copilot_cli.runtime.installed import FOLDER, INSTALLED, MANIFEST, Runtime, is_whole, place
from copilot_cli.runtime.packages import Package, Packages, Wanted
from copilot_cli.runtime.platforms import Platform
from copilot_cli.runtime.versions import INTEGRITY
from copilot_cli.store import files

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.runtime.probe import Answer

LOCK = "lock"
TEMPORARY = ".new-"
REPLACED = ".old-"
_WAIT = 900.0  # seconds for another process that installs: a slow line takes that long


class Installed(NamedTuple):
    """What came of it: `fresh` is whether anything had to be done, `where` what it came from."""

    runtime: Runtime
    answer: "Answer"
    fresh: bool
    where: str


class Installer:
    """Installs runtimes for this machine. `progress` is told of every piece of a download.

    `pins` are hashes, by version and platform; `here` is this machine's platform.
    """

    def __init__(
        self,
        app: "App",
        progress: Progress,
        *,
        here: Callable[[], Platform] = platforms.here,
        pins: Mapping[str, Mapping[str, str]] = INTEGRITY,
    ) -> None:
        self._app = app
        self._here = here()
        self._cache = app.settings.paths.cache_dir
        self._folder = self._cache / FOLDER
        self._packages = Packages(app, self._folder, self._here, progress, pins=pins)

    def install(self, wanted: Wanted) -> Installed:
        """Have the runtime that is wanted, and return it with what it answered.

        Raises `NetworkError` and `ServiceError` where it cannot be fetched or is not what it
        should be, `UsageError` where a person would have to say yes to its hash, `SettingsError`
        where it does not start, and `CopilotChatError` where the disk refuses.
        """
        target = place(self._cache, wanted.version, self._here)
        runtime = Runtime(target / self._here.executable, wanted.version, INSTALLED)
        try:
            with alone(self._folder, self._app.streams.notice):
                if is_whole(target, self._here) and not wanted.force:
                    answer = health.check(runtime, self._app.effects.environ, self._cache)
                    return Installed(runtime, answer, fresh=False, where="")
                try:
                    package = self._packages.get(wanted)
                    answer = self._put_in_place(package, wanted, target)
                    package.file.unlink()
                finally:
                    sweep(self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        return Installed(runtime, answer, fresh=True, where=package.where)

    def _put_in_place(self, package: Package, wanted: Wanted, target: Path) -> "Answer":
        """Unpack `package`, see that it answers, and move it to `target`."""
        new = self._folder / f"{TEMPORARY}{os.urandom(8).hex()}"
        new.mkdir(mode=0o700)
        try:
            contents = self._unpacked(package, new)
            if contents.version != wanted.version:
                raise Damaged(
                    f"the package is version {contents.version}, and {wanted.version} is wanted",
                    hint=f"`copilot-chat engine install {contents.version}` installs that one",
                )
            manifest = {
                "version": contents.version,
                "platform": self._here.name,
                "sha512": package.digest,
                "from": package.where,
                "files": contents.sizes,
            }
            files.write_atomic(new / MANIFEST, json.dumps(manifest, indent=1).encode())
            tried = Runtime(new / self._here.executable, contents.version, INSTALLED)
            answer = health.check(tried, self._app.effects.environ, self._cache)
            self._replace(new, target)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return answer

    def _unpacked(self, package: Package, new: Path) -> Unpacked:
        try:
            return unpack(package.file, new, self._here)
        except Damaged:
            package.file.unlink()  # nobody needs to go on with that
            raise

    def _replace(self, new: Path, target: Path) -> None:
        if target.exists():
            old = target.with_name(f"{REPLACED}{os.urandom(8).hex()}")
            target.rename(old)
            try:
                new.rename(target)
            except OSError:  # on Windows somebody may be reading it
                old.rename(target)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            new.rename(target)
        with suppress(OSError):  # only how sure it survives a power cut
            descriptor = os.open(self._folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def fetch(app: "App", wanted: Wanted) -> Installed:
    """Install what is wanted as `Installer.install` does, and show the person how far it is."""
    from copilot_cli.ui.progress import Progress as Bar

    plain = app.settings.plain
    name = f"official runtime {wanted.version}"
    with Bar(app.streams, name, app.effects.monotonic, plain=plain) as bar:
        return Installer(app, bar).install(wanted)


@contextmanager
def alone(folder: Path, say: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock of all runtimes, which are in `folder`; `say` so where another process has it.

    What an interrupted one has left is removed. Raises `LockTimeout`, and OSError where the folder
    cannot be made.
    """
    files.make_folder(folder.parent)
    files.private_folder(folder)
    with ExitStack() as held:
        try:
            held.enter_context(files.lock(folder / LOCK, 0.0))
        except LockTimeout:
            say("another copilot-chat is installing or removing a runtime; waiting for it")
            held.enter_context(files.lock(folder / LOCK, _WAIT))
        sweep(folder)
        yield


def sweep(folder: Path) -> None:
    """Remove what is neither a runtime nor the part of a package; the lock is held."""
    for left in [*folder.glob(f"{TEMPORARY}*"), *folder.glob(f"{REPLACED}*")]:
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
