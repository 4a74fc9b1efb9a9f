"""The wires by name: how a request is written and a reply is read. New wire = one file, one row."""

from collections.abc import Callable
from typing import Any, NamedTuple

from copilot_cli.messages import Request
from copilot_cli.wires import chat
from copilot_cli.wires.stream import Decoder


class Wire(NamedTuple):
    """One wire: `path` below the API's base URL, how to encode a request, who decodes the reply."""

    name: str
    path: str
    encode: Callable[[Request], dict[str, Any]]
    decoder: Callable[[], Decoder]


CHAT = Wire("chat", chat.PATH, chat.encode, chat.Decoder)

WIRES = {wire.path: wire for wire in (CHAT,)}
"""The wires by their path, which is what `supported_endpoints` of a model names."""
