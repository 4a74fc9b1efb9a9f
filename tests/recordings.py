"""The recorded streams of `tests/streams`, and events as they are compared."""

from collections.abc import Iterable
from pathlib import Path

from copilot_cli.messages import Event, Reasoning, Text
from copilot_cli.wires.chat import Decoder
from copilot_cli.wires.stream import EventStream

FOLDER = Path(__file__).parent / "streams"


def recording(name: str) -> bytes:
    """Return the bytes of a recorded stream."""
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


def decoded(*chunks: bytes) -> tuple[list[Event], str | None]:
    """Return the events of a chat stream that comes in `chunks`, and the fault's class name."""
    decoder = Decoder()
    stream = EventStream(decoder)
    events: list[Event] = []
    for chunk in chunks:
        events += stream.feed(chunk)
    events += stream.end()
    if stream.fault is not None:
        return joined(events), type(stream.fault).__name__
    return joined([*events, *decoder.finish()]), None
