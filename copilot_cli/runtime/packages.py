"""Getting a package of the runtime, and judging it by its hash before anything looks inside.

It comes from the registry that the person's npm uses, from an address, or from a file. A hash that
is pinned here, or that the person gives, settles it. Without one, a package from elsewhere is used
only after a person was shown its hash and said yes, once for each hash.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import ServiceError, SettingsError, StoreError, UsageError
from copilot_cli.runtime import download, hashes, npmrc, registry, transfer
from copilot_cli.runtime.download import Progress, Source
from copilot_cli.runtime.installed import URL_VARIABLE
from copilot_cli.runtime.platforms import Platform
from copilot_cli.runtime.versions import INTEGRITY
from copilot_cli.store import files
from copilot_cli.upwards import nearest

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.runtime.npmrc import Npm

PART = ".part"
COPY = ".new-file"
ACCEPTED = "accepted.json"
_LIMIT = 64 * 1024


class Wanted(NamedTuple):
    """What is to be installed: a version, and where it is taken from if not from the registry.

    `sha512` is what the person says its hash is. `force`: also where it is installed already.
    """

    version: str
    file: Path | None = None
    url: str | None = None
    sha512: str | None = None
    force: bool = False


class Package(NamedTuple):
    """A package in a file of ours, its hash, what it came from, and whether that is a registry."""

    file: Path
    digest: str
    where: str
    official: bool


class Packages:
    """Gets packages for the platform `here` into `folder`, which is private to us.

    `pins` are the hashes that settle it, by version and platform.
    """

    def __init__(
        self,
        app: "App",
        folder: Path,
        here: Platform,
        progress: Progress,
        *,
        pins: Mapping[str, Mapping[str, str]] = INTEGRITY,
    ) -> None:
        self._app = app
        self._folder = folder
        self._here = here
        self._progress = progress
        self._pins = pins

    def get(self, wanted: Wanted) -> Package:
        """Return the package, whose hash was accepted.

        Raises `NetworkError` and `ServiceError` where it cannot be fetched or is not what it should
        be, `UsageError` where its hash is not accepted, and OSError where the disk refuses.
        """
        package = self._copied(wanted.file) if wanted.file else self._fetched(wanted)
        try:
            self._accept(package, wanted)
        except ServiceError:
            package.file.unlink()
            raise
        return package

    def _copied(self, file: Path) -> Package:
        """Copy the person's own file: what is unpacked must be what was looked at."""
        copy = self._folder / COPY
        try:
            if not file.is_file():
                raise UsageError(f"{file} is not there, or is no file")
            digest = hashes.copied(file, copy)
        except PermissionError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        return Package(copy, digest, str(file), official=False)

    def _fetched(self, wanted: Wanted) -> Package:
        npm, url = self._npm(), wanted.url or self._variable()
        where = transfer.host(url) if url else f"{npm.registry} ({npm.source})"
        name = hashlib.sha256((url or npm.registry).encode()).hexdigest()[:12]
        file = self._folder / f"{wanted.version}-{self._here.name}-{name}{PART}"
        expected = self._expected(wanted)
        for begun in (file.exists(), False):
            if not (begun and hashes.of(file) == expected):
                self._fetch(npm, url, wanted, file, resumable=expected is not None)
            digest = hashes.of(file)
            if not begun or digest == expected:
                break
            file.unlink()  # the two halves did not belong together
        return Package(file, digest, where, official=not url)

    def _fetch(
        self, npm: "Npm", url: str | None, wanted: Wanted, file: Path, *, resumable: bool
    ) -> None:
        client, package = self._app.client, self._here.package
        what = f"{package} {wanted.version}"
        source = Source(url or registry.tarball(client, npm, package, wanted.version), npm, what)
        download.fetch(
            client,
            source,
            file,
            resumable=resumable,
            retries=self._app.settings.retries,
            sleep=self._app.wait,
            progress=self._progress,
        )

    def _npm(self) -> "Npm":
        effects, project = self._app.effects, None
        try:
            home = effects.home()
        except RuntimeError:
            return npmrc.read(effects.environ, None, None)
        with suppress(OSError):  # the folder that one is in may be gone
            project = nearest(".npmrc", effects.cwd(), home)
        return npmrc.read(effects.environ, home, project)

    def _variable(self) -> str | None:
        """Return the address that the environment gives. Raises `SettingsError` for a bad one."""
        url = self._app.effects.environ.get(URL_VARIABLE, "").strip()
        return checked_url(url, URL_VARIABLE) if url else None

    # -- judging it ------------------------------------------------------------------------------

    def _pinned(self, wanted: Wanted) -> str | None:
        return self._pins.get(wanted.version, {}).get(self._here.name)

    def _expected(self, wanted: Wanted) -> str | None:
        """Return the hash that it has to have: what the person says of it comes first."""
        return wanted.sha512 or self._pinned(wanted)

    def _accept(self, package: Package, wanted: Wanted) -> None:
        """Raise unless the hash is one that is pinned, or that the person vouches for."""
        digest = package.digest
        if digest == self._expected(wanted):
            return
        if wanted.sha512 is not None:
            raise self._another(package, "what --sha512 says")
        if (other := hashes.known(digest, self._pins)) is not None:
            raise UsageError(
                f"{package.where} is the runtime {other.version} for {other.platform}",
                hint=f"this machine needs {wanted.version} for {self._here.name}",
            )
        if package.official and self._pinned(wanted) is not None:
            raise self._another(package, "what was published")
        if digest in self._accepted():
            return
        self._ask(package, wanted)

    def _another(self, package: Package, meant: str) -> ServiceError:
        return ServiceError(
            f"what came from {package.where} is not {meant}: its SHA-512 is {package.digest}",
            hint="nothing was unpacked; whoever sent it may have changed it",
            kind="integrity",
        )

    def _ask(self, package: Package, wanted: Wanted) -> None:
        """Show a hash that nobody vouches for. Raises `UsageError` unless it is agreed to."""
        prompts, digest = self._app.prompts, package.digest
        prompts.note(
            f"{package.where} holds a package that this program knows nothing of.\n"
            f"  {self._here.package} {wanted.version}\n  sha512-{digest}\n"
            "It will be run with your rights. Compare the hash with what its publisher says."
        )
        if not prompts.confirm("Use it?", default=False, flag=f"--sha512 {digest}"):
            raise UsageError("not installed: its hash was not accepted")
        accepted = [*self._accepted(), digest]
        files.write_atomic(self._folder / ACCEPTED, json.dumps(accepted).encode())

    def _accepted(self) -> list[str]:
        """Return the hashes that the person has agreed to before."""
        try:
            found = json.loads(files.read_private(self._folder / ACCEPTED, _LIMIT))
        except (OSError, StoreError, ValueError, RecursionError):
            return []
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def checked_url(url: str, where: str) -> str:
    """Return an address that a person gave. Raises `SettingsError` naming `where`, and not it."""
    try:
        return transfer.checked(url, "it")
    except (ServiceError, ValueError) as error:
        raise SettingsError(
            f"{where}: must be an https address without a user name", hint="http is for loopback"
        ) from error
