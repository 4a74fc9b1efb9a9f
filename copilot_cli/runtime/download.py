"""Fetching a package into a file: what broke off goes on where it was, now or the next time.

Only what is held to a hash is put together from parts: nothing else would tell whether they belong
together. Sizes are in bytes.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from copilot_cli.errors import CopilotChatError, NetworkError, ServiceError
from copilot_cli.patterns import pattern
from copilot_cli.runtime import transfer
from copilot_cli.runtime.archive import MAX_BYTES
from copilot_cli.runtime.npmrc import Npm

UNPACKED = 160_000_000
"""About what a runtime takes on the disk, beside its package."""

_RANGE = pattern(r"bytes (\d{1,18})-\d+/(?:\d+|\*)")
_DIGITS = 19  # more than any size has; Python reads no number of some thousands
_AGAIN = {429, 500, 502, 503, 504}
_PAUSE = 1.0  # seconds between two tries

Progress = Callable[[int, int | None], object]
"""Told how many bytes are there, of how many, where that is known."""


class Source(NamedTuple):
    """What is fetched: its address, what is shown there, what it is called in messages."""

    url: str
    npm: Npm
    what: str


class Again(ServiceError):  # noqa: N818 - it asks for something
    """A status that may be another one the next time."""


def fetch(
    client: httpx.Client,
    source: Source,
    file: Path,
    *,
    resumable: bool,
    retries: int,
    sleep: Callable[[float], None],
    progress: Progress,
) -> None:
    """Have the whole of `source` in `file`; a `resumable` one goes on from what is there.

    It is tried again up to `retries` times in a row without a byte of progress. Raises
    `NetworkError` and `ServiceError`, and keeps what came where it is resumable; raises
    `CopilotChatError` for a full disk, and keeps nothing.
    """
    tries = 0
    while True:
        have = _size(file) if resumable else 0
        try:
            _transfer(client, source, file, have, progress)
        except (NetworkError, Again) as error:
            tries = 0 if resumable and _size(file) > have else tries + 1
            if tries > retries or error.kind == "offline":
                if resumable and (kept := _size(file)):
                    error.hint = f"{kept // 1_000_000} MB are kept: the same command goes on there"
                raise
            sleep(_PAUSE)
        except OSError as error:
            with suppress(OSError):  # the disk may be full of it
                file.unlink()
            raise unwritable(file, error) from error
        else:
            progress(_size(file), _size(file))
            return


def unwritable(path: Path, error: OSError) -> CopilotChatError:
    """Return the error for a folder of ours that takes no more."""
    return CopilotChatError(
        f"{path} cannot be written: {error.strerror or 'no reason given'}",
        hint="make room there, or put everything elsewhere with --home or COPILOT_CHAT_HOME",
        kind="disk",
    )


def _transfer(
    client: httpx.Client, source: Source, file: Path, have: int, progress: Progress
) -> None:
    headers = {"Range": f"bytes={have}-"} if have else {}
    with transfer.opened(client, source.url, source.npm, headers) as reply:
        if reply.status_code == 416 and have:  # it has no more than that, or something else
            file.unlink()
            raise Again(f"{transfer.host(source.url)} cannot go on with {source.what}")
        if reply.status_code in _AGAIN:
            asked = transfer.host(source.url)
            raise Again(f"{asked} does not give {source.what} now (status {reply.status_code})")
        transfer.refuse(reply, source.what)
        if reply.status_code == 206 and not _goes_on_at(reply, have):
            file.unlink(missing_ok=True)
            raise Again(f"{transfer.host(source.url)} sent another part than was asked for")
        have = have if reply.status_code == 206 else 0
        total = _total(reply, have)
        _check_room(file, have, total)
        with file.open("r+b" if have else "wb") as opened:
            opened.seek(have)
            opened.truncate()
            try:
                for chunk in reply.iter_bytes():
                    opened.write(chunk)
                    have += len(chunk)
                    if have > MAX_BYTES:
                        raise ServiceError(f"{source.what} is too large to be one")
                    progress(have, total)
            except httpx.HTTPError as error:
                raise transfer.broken(error, source.url) from error


def _goes_on_at(reply: httpx.Response, have: int) -> bool:
    match = _RANGE.match(reply.headers.get("content-range", ""))
    return match is not None and int(match[1]) == have


def _total(reply: httpx.Response, have: int) -> int | None:
    length = reply.headers.get("content-length", "")
    known = length.isascii() and length.isdigit() and len(length) < _DIGITS
    return have + int(length) if known else None


def _check_room(file: Path, have: int, total: int | None) -> None:
    """Raise `CopilotChatError` where what is still to come, and is unpacked then, has no room."""
    wanted = (total or 0) - have + UNPACKED
    free = shutil.disk_usage(file.parent).free
    if free < wanted:
        missing = (wanted - free) // 1_000_000 + 1
        raise CopilotChatError(
            f"{file.parent} has no room: {missing} MB are missing",
            hint="make room there, or put everything elsewhere with --home or COPILOT_CHAT_HOME",
            kind="disk",
        )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
