"""What may hold a secret: the person is asked, or has said so with `--allow-sensitive`.

Rule: without a person and without that option nothing of it is sent. What belongs to this program
is never sent, whatever was said: its keys, its store, its conversations, its caches.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.paths import Paths, locate, platform_folders
from copilot_cli.sensitive import belongs, is_one_of, is_sensitive, secret_in
from copilot_cli.store import trust

if TYPE_CHECKING:
    from typing import BinaryIO

    from copilot_cli.app import App

FLAG = "--allow-sensitive"
HINT = f"{FLAG} sends it all the same"

OURS = "ours"
"""The kind of the error for what belongs to this program."""


class Screening:
    """Looks at what is to be sent; `allowed` is the person's word for all of it.

    `hint` says how else they could give it.
    """

    def __init__(self, app: "App", *, allowed: bool = False, hint: str = HINT) -> None:
        self._app = app
        self._allowed = allowed
        self._hint = hint

    def check_path(self, path: Path, name: str) -> None:
        """Raise `UsageError` for what is ours, and for a sensitive name nobody agreed to."""
        if why := self.suspects(path, name):
            self._agree(name, why)

    def check_stream(self, stream: "BinaryIO") -> None:
        """Raise `UsageError` where standard input is a file of ours."""
        with suppress(OSError):  # it is no file at all
            if is_one_of(os.fstat(stream.fileno()), self._own):
                raise _ours("standard input")

    def check_text(self, text: str, name: str) -> None:
        """Raise `UsageError` for a text with a secret in it that nobody agreed to."""
        found = secret_in(text)
        if found is not None:
            self._agree(name, f"there seems to be a {found.kind} in line {found.line}")

    def suspects(self, path: Path, name: str) -> str | None:
        """Return why a file may hold secrets, by its path; None where nothing says so.

        Raises `UsageError` for what is ours.
        """
        try:
            if belongs(path, self._own):
                raise _ours(name)
            return "by its name" if is_sensitive(path) else None
        except RuntimeError as error:  # of pathlib's
            raise UsageError(f"{name} cannot be read: its links lead in a circle") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no file can have that name"
            raise UsageError(f"{name} cannot be read: {reason}") from error

    @cached_property
    def _own(self) -> tuple[Path, ...]:
        return own(self._app)

    @property
    def allowed(self) -> bool:
        """Whether everything was agreed to beforehand."""
        return self._allowed

    def _agree(self, name: str, why: str) -> None:
        if self._allowed:
            return
        if not self._app.streams.person:
            raise UsageError(f"{name} may hold secrets ({why}): it is not sent", hint=self._hint)
        question = f"{name} may hold secrets ({why}). Send it all the same?"
        if not self._app.prompts.confirm(question, default=False, flag=FLAG):
            raise UsageError(f"{name} is not sent, nor is anything else")


def _ours(name: str) -> UsageError:
    return UsageError(f"{name} belongs to copilot-chat itself: it is never sent", kind=OURS)


def own(app: "App") -> tuple[Path, ...]:
    """Return what belongs to this program, wherever it is kept."""
    found = kept(app.paths)
    with suppress(CopilotChatError):  # settings that cannot be read name no file
        if app.settings.key_file:
            return (*found, app.settings.key_file)
    return found


def kept(paths: Paths) -> tuple[Path, ...]:
    """Return what belongs to this program in the home of `paths`, and in the platform's folders."""
    usual = locate(None, {}, platform_folders)
    return tuple(dict.fromkeys(each for home in (paths, usual) for each in _of(home)))


def _of(paths: Paths) -> Iterator[Path]:
    yield from (paths.secrets_dir, paths.cache_dir)
    talk = paths.conversations
    files = (paths.config_file, paths.key_file, paths.store_file, paths.store_lock, paths.history)
    for file in (*files, talk, paths.data_dir / trust.NAME):
        yield file
        yield from file.parent.glob(f".{file.name}.*.tmp")
    yield from (talk.with_name(talk.name + end) for end in ("-wal", "-shm", "-journal"))
    yield from talk.parent.glob(f"{talk.name}.damaged-*")
