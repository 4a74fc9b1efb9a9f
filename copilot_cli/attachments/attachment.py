"""One thing that goes along, and how a question is put together with all that does.

Rule: pure. What goes along stands above the words, in the order in which it was named. A question
with no image in it is one text, since that is what services keep in their prompt caches.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from copilot_cli.messages import ImagePart, Message, Part, TextPart
from copilot_cli.patterns import pattern
from copilot_cli.prompt import NOTICE, frame, label

# No end of a frame stands in one: what comes after the first is not in it.
_FRAMED = pattern(
    rf'(?:{re.escape(NOTICE)}\n\n)?<data name="(?P<name>[^"\n]*)"'
    r'(?: type="[^"\n]*"></data>|>\n.*?</data>)(?:\n\n|\Z)',
    re.DOTALL,
)


class Attachment(NamedTuple):
    """A text or an image with a name, to be sent as data; `bytes` is how large it was."""

    name: str
    text: str
    bytes: int
    image: ImagePart | None = None

    @classmethod
    def of_text(cls, name: str, text: str) -> "Attachment":
        """Return the attachment that is `text`."""
        return cls(name, text, len(text.encode("utf-8", "replace")))

    @property
    def size(self) -> str:
        """How large it is, in words."""
        if self.image is None:
            return size(self.bytes)
        return f"{size(self.bytes)} {self.image.media_type.removeprefix('image/').upper()}"


def partly_read(attachment: Attachment) -> bool:
    """Say whether the text of a file is not all that is in it: its encoding is another one.

    A mark of the encoding is not in the text, but in the size; so is every byte of UTF-16.
    """
    text = attachment.text
    return "\ufffd" in text and attachment.bytes - len(text.encode()) not in {0, 3}


def size(count: int) -> str:
    """Return a number of bytes in words."""
    for unit, name in ((1_000_000, "MB"), (1000, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def content(attached: Sequence[Attachment], words: str) -> str | tuple[Part, ...]:
    """Return the question that `words` are, below what goes along."""
    parts: list[Part] = []
    texts: list[str] = [NOTICE] if attached else []
    for each in attached:
        if each.image is None:
            texts.append(frame(each.name, each.text))
            continue
        texts.append(label(each.name, each.image.media_type))
        parts += [TextPart("\n\n".join(texts) + "\n\n"), each.image]
        texts = []
    last = "\n\n".join(filter(None, [*texts, words]))
    return (*parts, TextPart(last)) if parts else last


def again(parts: Sequence[Part]) -> str | tuple[Part, ...]:
    """Return a question that was asked, to be asked again."""
    return below(parts, "")


def below(kept: Sequence[Part], asked: str | tuple[Part, ...]) -> str | tuple[Part, ...]:
    """Return `asked` below the parts of an earlier question, as `divided` gave them."""
    parts: list[Part] = list(kept)
    for part in message(asked).parts if asked else ():
        last = parts[-1] if parts else None
        if isinstance(last, TextPart) and isinstance(part, TextPart):
            parts[-1] = TextPart(f"{last.text.rstrip()}\n\n{part.text}")
        else:
            parts.append(part)
    match parts:
        case [TextPart(text)]:
            return text
        case _:
            return tuple(parts)


def divided(parts: Sequence[Part]) -> tuple[tuple[Part, ...], str]:
    """Return what went along with a question that was asked, and its words."""
    if not parts or not isinstance(parts[-1], TextPart):
        return tuple(parts), ""
    before, last, end = tuple(parts[:-1]), parts[-1].text, 0
    for each in _framed(last):
        end = each.end()
    text = last[:end].rstrip("\n")
    return (*before, *([TextPart(text)] if text else [])), last[end:]


def names(parts: Sequence[Part]) -> set[str]:
    """Return what is called how in the frames of a question that was asked."""
    texts = (part.text for part in parts if isinstance(part, TextPart))
    return {each["name"] for text in texts for each in _framed(text)}


def _framed(text: str) -> Iterator[re.Match[str]]:
    """Yield the frames that `text` begins with."""
    end = 0
    while found := _FRAMED.match(text, end):
        yield found
        end = found.end()


def message(asked: str | Sequence[Part]) -> Message:
    """Return the person's message that `asked` is."""
    return Message("user", (TextPart(asked),) if isinstance(asked, str) else tuple(asked))
