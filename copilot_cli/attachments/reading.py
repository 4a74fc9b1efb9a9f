"""A file's bytes, and what they are: text, an image, or neither.

Rule: only regular files are read, never a device or a pipe, which may be endless; what a file is
called says nothing about what is in it.
"""

import base64
import os
import stat
from pathlib import Path
from typing import Literal

from copilot_cli.attachments.attachment import Attachment
from copilot_cli.charsets import BOMS
from copilot_cli.errors import UsageError
from copilot_cli.image_types import image_type
from copilot_cli.messages import ImagePart
from copilot_cli.patterns import bytes_pattern

LARGEST_TEXT = 4_000_000
"""The most bytes of one text: a million tokens, which is the largest window there is."""

LARGEST_IMAGE = 20_000_000
"""The most bytes of one image, where the model sets no limit of its own."""

BINARY, TOO_LARGE = "binary", "too_large"
"""The kinds of the errors for what is no text and no image, and for what has too many bytes."""

Detail = Literal["low", "high", "auto"]

_NO_TEXT = bytes_pattern(rb"[\x01-\x07\x0e-\x1a\x1c-\x1f]")  # beside NUL, which no text has


def read(path: Path, name: str, largest: int = LARGEST_IMAGE) -> bytes:
    """Return the bytes of a regular file, called `name` in what is said.

    Raises `UsageError` for what is not there, not readable, no regular file, or larger than
    `largest` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise UsageError(
                    f"{name} is no regular file: it is not read",
                    hint="what a command prints can be piped in: COMMAND | copilot-chat ask '…'",
                )
            data = file.read(largest + 1)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {name}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have that name"
        raise UsageError(f"{name} cannot be read: {reason}") from error
    if len(data) > largest:
        raise too_large(name, max(about.st_size, len(data)), largest)
    return data


def attachment(name: str, data: bytes, detail: Detail | None = None) -> Attachment:
    """Return what `data` is, a text or an image. Raises `UsageError` for neither, or too large."""
    if media_type := image_type(data):
        image = ImagePart(media_type, base64.b64encode(data).decode("ascii"), detail)
        return Attachment(name, "", len(data), image)
    text = text_of(data)
    if text is None:
        raise UsageError(
            f"{name} is binary, neither text nor an image that models take",
            hint="the images are PNG, JPEG, WebP and GIF",
            kind=BINARY,
        )
    if len(data) > LARGEST_TEXT:
        raise too_large(name, len(data), LARGEST_TEXT)
    return Attachment(name, text, len(data))


def text_of(data: bytes) -> str | None:
    """Return the text that `data` is, None for none.

    By its byte order mark, else UTF-8. What is not quite UTF-8 is taken for a text in an older
    encoding unless there are control characters in it; what cannot be read becomes U+FFFD.
    """
    for mark, encoding in BOMS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            return None if "\0" in text else text
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None if _NO_TEXT.search(data) else data.decode("utf-8", "replace")


def too_large(name: str, count: int, largest: int) -> UsageError:
    """Return the error for what has `count` bytes."""
    return UsageError(
        f"{name} is too large: {count:,} bytes, and {largest:,} are the most", kind=TOO_LARGE
    )
