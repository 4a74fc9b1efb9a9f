"""What goes along with the next question of a chat: what was attached, and what its words name.

Rule: nothing goes along that was not named by the person, and all of it is said before it is sent.
"""

from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from copilot_cli.attachments.attachment import Attachment, size
from copilot_cli.errors import UsageError
from copilot_cli.prompt import quoted

if TYPE_CHECKING:
    from copilot_cli.app import App

AGREEING = "on a terminal you are asked whether it is sent all the same"
"""How a person agrees to what may hold secrets."""

_SIGNS = ("@", ".")  # without one of them words name no file


class Attachments:
    """What waits for the next question, in the order in which it was attached."""

    def __init__(self) -> None:
        self.waiting: list[Attachment] = []
        self.failed = ""
        """What was to go along and cannot, where nobody is there to see that."""

    def add(self, attachment: Attachment) -> None:
        """Attach; what has the same name is replaced."""
        self.remove(attachment.name)
        self.waiting.append(attachment)

    def remove(self, name: str) -> bool:
        """Take back what is called `name`, or stands below the folder of that name."""
        names = {name, PurePath(name).as_posix()}  # `./a` is called `a`
        above = tuple(each.rstrip("/") + "/" for each in names)
        kept = [
            each
            for each in self.waiting
            if each.name not in names and not each.name.startswith(above)
        ]
        found = len(kept) < len(self.waiting)
        self.waiting = kept
        return found

    def clear(self) -> None:
        """Take back everything."""
        self.waiting, self.failed = [], ""

    @property
    def mark(self) -> str:
        """What the prompt says of it: how much waits, nothing where nothing does."""
        if not self.waiting:
            return ""
        return f"(+{len(self.waiting)}, {total(self.waiting)}) "

    def with_mentioned(
        self, app: "App", words: str, there: Collection[str] = ()
    ) -> list[Attachment]:
        """Return what waits, the files that `words` mention, and the images pasted into them.

        Files that are called as one of `there`, in a frame, go along already.
        Raises `CopilotChatError` for a file that cannot be attached, or could not be before.
        """
        if self.failed:
            name, self.failed = self.failed, ""
            raise UsageError(f"{name} could not be attached: the question is not sent")
        found = list(self.waiting)
        if not any(sign in words for sign in _SIGNS):
            return found
        from copilot_cli.ui.mentions import mentioned, pasted_images

        try:
            folder = app.folder()
        except UsageError:  # nothing is in it that words could mean
            return found
        paths = dict.fromkeys([*mentioned(words, folder), *pasted_images(words, folder)])
        if not paths:
            return found
        from copilot_cli.attachments.gathering import Gathering

        known = {each.name for each in found}
        gathering = Gathering(app, hint=AGREEING)
        new = [path for path in paths if quoted(gathering.called(path, str(path))) not in there]
        gathered = gathering.all(map(str, new))
        return [*found, *(each for each in gathered if each.name not in known)]


def total(attached: Sequence[Attachment]) -> str:
    """Return in words how large all of them are."""
    return size(sum(each.bytes for each in attached))
