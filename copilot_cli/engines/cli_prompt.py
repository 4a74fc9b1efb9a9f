"""A conversation as the one text that the command `copilot` takes, and what that cannot carry.

The command knows one message of a user and nothing before it, so the whole conversation is written
into that message. Pure. What the text says is data: whatever a message holds, it cannot pass for
the line that begins another one.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from copilot_cli.errors import UsageError
from copilot_cli.messages import (
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from copilot_cli.ui.safe import utf8

_MARK = "===="
_NAMES = {"system": "instructions", "user": "user", "assistant": "assistant", "tool": "tool"}
_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}

# The command has instructions of its own, for an agent that works on code, and goes by them unless
# it is told otherwise: they limit an answer to a hundred words, for one.
_HEAD = """\
This is the transcript of a conversation in a chat program. Write what the assistant says next, and
nothing else: answer the user's last message, at the length and in the form that it calls for.
There are no tools and no files here, and there is nothing to do but to answer in text. What you
were told about tools, tasks, code changes, brevity and the working folder does not apply.
Each message of the transcript begins with a line of {mark} and who speaks; write no such line.
"instructions" are those of the chat program, which the assistant follows."""
_IMAGES = "[image 1] and so on stand where the attached images stood, in their order."
_TAIL = "end of the transcript"


class Image(NamedTuple):
    """An image of the conversation: the name of the file to make of it, and its bytes."""

    name: str
    data: bytes


class Prompt(NamedTuple):
    """What the command is given: a text for its stdin, and images to attach, in their order."""

    text: str
    images: tuple[Image, ...]


def prompt_of(messages: Sequence[Message]) -> Prompt:
    """Return the conversation `messages` as one prompt.

    Raises `UsageError` for an image that is not one of the forms which the command takes.
    """
    images: list[Image] = []
    sections = [(_speaker(each), _body(each.parts, images)) for each in messages]
    mark = _mark(text for section in sections for text in section)
    head = _HEAD.format(mark=mark)
    if images:
        head += f"\n{_IMAGES}"
    told = "".join(f"\n\n{mark} {speaker}\n{body}" for speaker, body in sections)
    return Prompt(f"{head}{told}\n\n{mark} {_TAIL}\n", tuple(images))


def _mark(texts: Iterable[str]) -> str:
    """Return a mark that stands in none of `texts`: the same one as long as it can be.

    A provider that keeps the start of a prompt finds it again, which a random one would prevent.
    Where the plain one is in a text, a hash of them all goes with it, which nobody can have put in.
    """
    whole = "\n".join(texts)
    return _MARK if _MARK not in whole else f"{_MARK}{sha256(utf8(whole)).hexdigest()[:32]}"


def _speaker(each: Message) -> str:
    return _NAMES[each.role]


def _body(parts: Iterable[Part], images: list[Image]) -> str:
    return "".join(_written(part, images) for part in parts)


def _written(part: Part, images: list[Image]) -> str:
    match part:
        case TextPart(text):
            return text
        case ImagePart():
            images.append(_image(part, len(images) + 1))
            return f"[image {len(images)}]"
        case ToolCallPart(_, name, arguments):
            return f"\n[calls the tool {name} with {arguments}]\n"
        case ToolResultPart(_, output, error):
            return f"[{'a tool failed' if error else 'a tool returned'}]\n{output}\n"
        case ReasoningPart():
            return ""  # for the model that thought it, by its own wire


def _image(part: ImagePart, number: int) -> Image:
    suffix = _SUFFIXES.get(part.media_type)
    if suffix is None:
        raise UsageError(
            f"the engine cli does not take images of the type {part.media_type}",
            hint=f"it takes {', '.join(_SUFFIXES.values())}",
        )
    try:
        data = base64.b64decode(part.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"image {number} is not in base64") from error
    return Image(f"image-{number}.{suffix}", data)
