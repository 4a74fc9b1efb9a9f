"""From references to attachments: which of all kinds is meant, and reading it.

Rule: a reference that cannot be attached is a `UsageError`, and nothing is sent. Of the files that
a folder or a pattern stands for, those that are no text, too large, or may hold secrets are left
out instead, and said.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.attachments import folders, git
from copilot_cli.attachments.attachment import Attachment, partly_read, size
from copilot_cli.attachments.folders import Listed
from copilot_cli.attachments.reading import BINARY, TOO_LARGE, Detail, attachment, read
from copilot_cli.attachments.screening import HINT, OURS, Screening
from copilot_cli.errors import UsageError
from copilot_cli.patterns import pattern
from copilot_cli.sensitive import holds_secret
from copilot_cli.ui.safe import safe_line, utf8

if TYPE_CHECKING:
    from copilot_cli.app import App

LARGEST_IN_FOLDER = 1_000_000
"""The most bytes of a file that nobody named by itself."""

LARGEST_FOLDER = 8_000_000
"""The most bytes of all files that one reference stands for."""

_SCHEME = pattern(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WEB = ("http://", "https://")
_NAMED = 3  # files that are named of those left out
_SENSITIVE = "may hold secrets"
_REASONS = {BINARY: "binary", TOO_LARGE: "too large", OURS: "copilot-chat's own"}


class Gathering:
    """Reads what goes along with one question; `detail` is for its images.

    `hint` says how else the person could agree to what may hold secrets. Raises `UsageError` where
    the folder that one is in is gone.
    """

    def __init__(
        self,
        app: "App",
        *,
        allow_sensitive: bool = False,
        detail: Detail | None = None,
        hint: str = HINT,
    ) -> None:
        self._app = app
        self._cwd = app.folder()
        self._screening = Screening(app, allowed=allow_sensitive, hint=hint)
        self._detail = detail

    def all(self, references: Iterable[str]) -> list[Attachment]:
        """Return what `references` stand for, in their order, each name once.

        Raises `UsageError` for what cannot be attached, and what fetching a page raises.
        """
        found: dict[str, Attachment] = {}
        for reference in references:
            for each in self.one(reference):
                found.setdefault(each.name, each)
        return list(found.values())

    def one(self, reference: str) -> list[Attachment]:
        """Return what `reference` stands for. Raises as `all` does."""
        if not reference.strip() or reference == "-":
            raise UsageError(
                "--file wants a path or an address",
                hint="what is piped in goes along by itself: COMMAND | copilot-chat ask '…'",
            )
        if reference.startswith(git.PREFIX):
            return [self._changes(reference)]
        if reference.lower().startswith(_WEB):
            return [self._page(reference)]
        if _SCHEME.match(reference):
            raise UsageError("only http and https addresses are fetched", hint="-f takes paths too")
        found = self._files(reference)
        if partly := [each.name for each in found if partly_read(each)]:
            self._app.streams.notice(f"not all is read (neither UTF-8 nor UTF-16): {_few(partly)}")
        return found

    def text(self, name: str, text: str) -> Attachment:
        """Return a text that is there already. Raises `UsageError` where nobody agrees to it."""
        self._screening.check_text(text, name)
        return Attachment.of_text(name, text)

    # Files

    def _files(self, reference: str) -> list[Attachment]:
        try:
            path = self._cwd / Path(reference).expanduser()
            is_folder, is_there = path.is_dir(), path.exists()
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "no file can have that name"
            raise UsageError(f"{reference} cannot be read: {reason}") from error
        environ = self._app.effects.environ
        if is_folder:
            name = self.called(path, reference)
            return self._several(folders.below(path, name, environ), reference, images=False)
        if not is_there and folders.is_pattern(reference):
            files = folders.fitting(reference, self._cwd, environ)
            return self._several(files, reference, images=True)
        return [self._file(path, self.called(path, reference))]

    def _file(self, path: Path, name: str) -> Attachment:
        shown = safe_line(name, None)
        self._screening.check_path(path, shown)
        found = attachment(shown, read(path, shown), self._detail)
        self._screening.check_text(found.text, shown)
        return found._replace(name=name)

    def called(self, path: Path, reference: str) -> str:
        """Return what the file `path` is called, for which the person wrote `reference`."""
        name = reference
        if path.is_relative_to(self._cwd):
            name = path.relative_to(self._cwd).as_posix()
        if name.startswith(git.PREFIX):  # as it has to be written, and no name of changes
            name = f"./{name}"
        return _sendable(name)

    def _several(self, files: list[Listed], name: str, *, images: bool) -> list[Attachment]:
        """Return the files that go along, and say which do not, and why."""
        found: list[Attachment] = []
        left: dict[str, list[str]] = {}
        total = 0
        for path, called in files:
            try:
                each = self._of_several(path, _sendable(called), images=images)
            except _LeftOut as reason:
                left.setdefault(str(reason), []).append(called)
                continue
            total += each.bytes
            if total > LARGEST_FOLDER:
                raise UsageError(
                    f"{name} is larger than {size(LARGEST_FOLDER)} in all",
                    hint="name a part: 'src/**/*.py'",
                )
            found.append(each)
        for line in _told(left):
            self._app.streams.notice(line)
        if not found:
            raise UsageError(f"nothing of {name} can be sent")
        return found

    def _of_several(self, path: Path, name: str, *, images: bool) -> Attachment:
        try:
            suspected = self._screening.suspects(path, name)
            if suspected and not self._screening.allowed:
                raise _LeftOut(_SENSITIVE)
            data = read(path, name, LARGEST_IN_FOLDER)
            found = attachment(name, data, self._detail)
        except UsageError as error:
            raise _LeftOut(_REASONS.get(error.kind, "not readable")) from error
        if found.image is not None and not images:
            raise _LeftOut("binary")
        if not self._screening.allowed and holds_secret(found.text):
            raise _LeftOut(_SENSITIVE)
        return found

    # Others

    def _page(self, address: str) -> Attachment:
        fetched = self._app.fetch(address)
        if fetched.data:
            return attachment(fetched.url, fetched.data, self._detail)
        return Attachment.of_text(fetched.url, fetched.text)

    def _changes(self, reference: str) -> Attachment:
        environ = self._app.effects.environ
        found = git.changes(reference, self._cwd, environ)
        if names := git.changed(found.text):
            top = git.top(self._cwd, environ)
            for name in names:
                self._screening.check_path(top / name, f"{safe_line(name)} in {reference}")
        self._screening.check_text(found.text, reference)
        return found


class _LeftOut(Exception):  # noqa: N818 - it is no error
    """A file of several does not go along, for a reason in a word or two."""


def _told(left: dict[str, list[str]]) -> Iterator[str]:
    for reason, names in left.items():
        yield f"left out ({reason}): {_few(names)}"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(safe_line(name) for name in names[:_NAMED])}{more}"


def _sendable(name: str) -> str:
    """Return a file's name as text: on some systems names are bytes."""
    return utf8(name).decode()
