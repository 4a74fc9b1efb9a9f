"""What goes along with the next question as data: files, and what a command printed.

Rule: text only, framed with its name; nothing that may hold a secret, and nothing that was not
named by the person.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import UsageError
from copilot_cli.prompt import frame
from copilot_cli.sensitive import holds_secret, is_sensitive
from copilot_cli.ui.safe import safe_line

if TYPE_CHECKING:
    from copilot_cli.app import App

LARGEST = 1024 * 1024
"""The most bytes of one attachment."""

_END = "</data>\n\n"


class Attachment(NamedTuple):
    """A text with a name, to be sent as data."""

    name: str
    text: str

    @property
    def size(self) -> str:
        """How large it is, in words."""
        count = len(self.text.encode("utf-8", "replace"))
        return f"{count} bytes" if count < 1000 else f"{count / 1000:.1f} kB"

    @property
    def framed(self) -> str:
        """What is sent."""
        return frame(self.name, self.text)


class Attachments:
    """What waits for the next question, in the order in which it was attached."""

    def __init__(self) -> None:
        self.waiting: list[Attachment] = []

    def add(self, attachment: Attachment) -> None:
        """Attach; what has the same name is replaced."""
        self.remove(attachment.name)
        self.waiting.append(attachment)

    def remove(self, name: str) -> bool:
        """Take back what is called `name`; tell whether there was one."""
        kept = [each for each in self.waiting if each.name != name]
        found = len(kept) < len(self.waiting)
        self.waiting = kept
        return found

    def clear(self) -> None:
        """Take back everything."""
        self.waiting = []

    def mentioned(self, app: "App", words: str, say: Callable[[str], None]) -> list[str]:
        """Return, framed, what waits and the files that `words` mention (`@path`); say which.

        Raises `UsageError` for a file that cannot be attached.
        """
        found = list(self.waiting)
        if "@" in words:
            from copilot_cli.ui.mentions import mentioned

            for path in mentioned(words, app.effects.cwd()):
                attachment = read_file(app, path)
                if attachment.name not in {each.name for each in found}:
                    found.append(attachment)
        if found:
            say("with " + ", ".join(f"{safe_line(each.name)} ({each.size})" for each in found))
        return [each.framed for each in found]


def read_file(app: "App", path: Path) -> Attachment:
    """Return the text file `path` as an attachment, named as the person would.

    Raises `UsageError` for what is no text, too large, or may hold a secret.
    """
    folder = app.effects.cwd()
    file = folder / path.expanduser()
    name = str(file.relative_to(folder)) if file.is_relative_to(folder) else str(path)
    try:
        if is_sensitive(file, _own(app)):
            raise UsageError(f"{name} may hold secrets, by its name: it is not attached")
        if not file.is_file():
            raise UsageError(f"{name} is no file" if file.exists() else f"there is no file {name}")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "no file can have that name"
        raise UsageError(f"{name} cannot be read: {reason}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 1024 // 1024} MiB: it is not attached")
    if b"\0" in content:
        raise UsageError(f"{name} is binary, not text: it is not attached")
    text = content.decode("utf-8-sig", "replace")
    if holds_secret(text):
        raise UsageError(f"a secret seems to stand in {name}: it is not attached")
    return Attachment(name, text)


def _own(app: "App") -> tuple[Path, ...]:
    paths = app.paths
    return (paths.secrets_dir, paths.key_file, paths.conversations, paths.history)


def with_attachments(framed: Sequence[str], words: str) -> str:
    """Return the question that `words` are, below what goes along."""
    return "\n\n".join([*filter(None, framed), words])


def without_attachments(question: str) -> tuple[str, str]:
    """Return what goes along with a question that was asked, and its words."""
    if not question.startswith("<data "):
        return "", question
    framed, end, words = question.rpartition(_END)
    return (framed + end).rstrip("\n"), words
