"""Which files that came with a folder the person has agreed to, by place and content.

Rule: a yes holds for one file with one content; a file that changed was never agreed to. The record
(`trusted.json` in the data folder, 0600) holds paths and hashes, no content. One that cannot be
read counts as empty, and one that cannot be written costs the question again.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from copilot_cli.errors import CopilotChatError, StoreError
from copilot_cli.store import files

NAME = "trusted.json"
_LIMIT = 4 * 1024 * 1024
_PATIENCE = 5.0  # seconds to wait for another process that writes an answer down


class Trust:
    """The answers in `folder`, which is made when the first is given."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME

    def of(self, path: Path, content: bytes) -> bool | None:
        """Return the answer given for the file `path` with this content; None if there is none."""
        found = self._read().get(_key(path))
        if not isinstance(found, dict) or found.get("sha256") != _digest(content):
            return None
        used = found.get("use")
        return used if isinstance(used, bool) else None

    def remember(self, path: Path, content: bytes, *, use: bool) -> bool:
        """Write down the answer for `path` with this content; say whether that was possible."""
        with suppress(OSError, CopilotChatError):
            files.make_folder(self._file.parent)
            with files.lock(self._file.with_suffix(".lock"), _PATIENCE):
                answers = self._read() | {_key(path): {"sha256": _digest(content), "use": use}}
                text = json.dumps({"v": 1, "files": answers}, indent=1)
                files.write_atomic(self._file, text.encode())
            return True
        return False

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(files.read_private(self._file, _LIMIT))
        except (OSError, StoreError, ValueError, RecursionError):
            return {}
        answers = found.get("files") if isinstance(found, dict) else None
        return answers if isinstance(answers, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _key(path: Path) -> str:
    return os.path.realpath(path)
