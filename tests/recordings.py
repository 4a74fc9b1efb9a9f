"""The recorded streams of `tests/streams`, and events as they are compared."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from copilot_cli.messages import Event, Reasoning, Text
from copilot_cli.wires import chat
from copilot_cli.wires.stream import Decoder, EventStream

FOLDER = Path(__file__).parent / "streams"

Told = tuple[list[Event], str | None]
"""The events of a stream, and the class name of the fault that ended it."""


def recording(name: str) -> bytes:
    """Return the bytes of a recorded stream; those of other wires are in a folder of their own."""
    return (FOLDER / f"{name}.sse").read_bytes()


def joined(events: Iterable[Event]) -> list[Event]:
    """Return `events` with text that follows text joined: how much comes at once is chance."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, Text) and isinstance(last, Text):
            found[-1] = Text(last.text + event.text)
        elif isinstance(event, Reasoning) and isinstance(last, Reasoning):
            found[-1] = Reasoning(last.text + event.text)
        else:
            found.append(event)
    return found


def decoded(*chunks: bytes, decoder: Callable[[], Decoder] = chat.Decoder) -> Told:
    """Return what a stream comes to that comes in `chunks`."""
    reader = decoder()
    stream = EventStream(reader)
    events: list[Event] = []
    for chunk in chunks:
        events += stream.feed(chunk)
    events += stream.end()
    if stream.fault is not None:
        return joined(events), type(stream.fault).__name__
    return joined([*events, *reader.finish()]), None


def names(wire: str = "") -> set[str]:
    """Return the names of a wire's recordings, each of which the README has to name."""
    found = {path.stem for path in (FOLDER / wire).glob("*.sse")}
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    folder = f"{wire}/" if wire else ""
    assert [name for name in sorted(found) if f"| `{folder}{name}` |" not in readme] == []
    return found


def cut(stream: bytes) -> Iterator[tuple[bytes, ...]]:
    """Yield `stream` cut in two at every byte, and once into single bytes."""
    yield from ((stream[:place], stream[place:]) for place in range(len(stream) + 1))
    yield tuple(stream[place : place + 1] for place in range(len(stream)))


def told_however_cut(name: str, decoder: Callable[[], Decoder]) -> Told:
    """Return what a recording comes to, whole, cut in two at every byte, and byte by byte.

    Fails where that is not always the same.
    """
    stream = recording(name)
    told = decoded(stream, decoder=decoder)
    for pieces in cut(stream):
        assert decoded(*pieces, decoder=decoder) == told, f"cut at {len(pieces[0])}"
    return told
