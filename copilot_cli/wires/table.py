"""The wires by name: how a request is written and a reply is read. New wire = one file, one row.

A row says where the code of its wire is and brings it at the first use, because a question needs
one wire and would wait for the others' import.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from copilot_cli.messages import ModelInfo, Request
from copilot_cli.values import NamedTuple
from copilot_cli.wires.stream import Decoder

NEWER_CAP = "max_completion_tokens"
"""The field of a cap on the output that older servers only know as `max_tokens`."""


class WireCode(Protocol):
    """What the module of a wire offers; `Wire` says what each is."""

    @property
    def HEADERS(self) -> Mapping[str, str]:  # noqa: N802 - a module's constant
        """The headers without which the wire is not understood."""

    def encode(self, request: Request, model: ModelInfo | None = None, /) -> dict[str, Any]:
        """Return the body."""

    def decoder(self, request: Request, /) -> Decoder:
        """Return who reads the answer."""


class Wire(NamedTuple):
    """One wire: its `name`, and its `path` below the API's base URL."""

    name: str
    path: str
    code: Callable[[], WireCode]

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, beside those of every JSON request, without which it is not understood."""
        return self.code().HEADERS

    def encode(
        self, request: Request, model: ModelInfo | None = None, *, legacy_cap: bool = False
    ) -> dict[str, Any]:
        """Return the body of `request`; what is known of its `model` decides what it may hold.

        `legacy_cap` sends a cap of the output as `max_tokens`, for servers that know no newer name.
        """
        body = self.code().encode(request, model)
        if legacy_cap and NEWER_CAP in body:
            body["max_tokens"] = body.pop(NEWER_CAP)
        return body

    def decoder(self, request: Request) -> Decoder:
        """Return a new decoder for one reply to `request`."""
        return self.code().decoder(request)


def _chat() -> WireCode:
    from copilot_cli.wires import chat

    return chat


def _responses() -> WireCode:
    from copilot_cli.wires import responses

    return responses


def _messages() -> WireCode:
    from copilot_cli.wires import messages_api

    return messages_api


CHAT = Wire("chat", "/chat/completions", _chat)
RESPONSES = Wire("responses", "/responses", _responses)
MESSAGES = Wire("messages", "/v1/messages", _messages)

WIRES: Mapping[str, Wire] = {wire.path: wire for wire in (CHAT, RESPONSES, MESSAGES)}
"""The wires by their path, which is what `supported_endpoints` of a model names."""
