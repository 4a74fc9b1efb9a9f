"""The three wires, and how a request on one of them becomes an answer on it.

A host that speaks a wire (Copilot, a provider) looks the model up and writes refusals; what is
between a sound request and the bytes of its answer is here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from copilot_cli.simulator import (
    billing,
    chat_request,
    messages_request,
    messages_stream,
    responses_request,
    responses_stream,
    streams,
)
from copilot_cli.simulator.asked import Asked, Body, Refused
from copilot_cli.simulator.framing import Head, quirks
from copilot_cli.simulator.library import Library
from copilot_cli.simulator.models import CHAT, MESSAGES, RESPONSES, Model
from copilot_cli.simulator.reply import Reply, Step, json_reply
from copilot_cli.simulator.scenario import Answer
from copilot_cli.simulator.seals import Item, Seals
from copilot_cli.simulator.speaking import own

EVENTS: Final = "text/event-stream; charset=utf-8"


class Wire(NamedTuple):
    """One wire: its name, its path, how a request is checked and how usage is counted."""

    name: str
    path: str
    check: Callable[[Body, Model], Asked]
    usage: Callable[[billing.Counts], dict[str, Any]]
    ids: str


CHAT_WIRE: Final = Wire("chat", CHAT, chat_request.check, billing.chat, "chatcmpl-")
RESPONSES_WIRE: Final = Wire(
    "responses", RESPONSES, responses_request.check, billing.responses, "resp_"
)
MESSAGES_WIRE: Final = Wire("messages", MESSAGES, messages_request.check, billing.messages, "msg_")
WIRES: Final = (CHAT_WIRE, RESPONSES_WIRE, MESSAGES_WIRE)


class Asker(NamedTuple):
    """For whom an answer is made: `owner` may read its sealed reasoning; `copilot` is billed."""

    owner: str
    copilot: bool


class _Spoken(NamedTuple):
    """One answer with all that it takes to write it, whole or as a stream."""

    wire: Wire
    answer: Answer
    head: Head
    usage: Mapping[str, Any]
    asked: Asked
    asker: Asker


class Speaker:
    """Answers sound requests; `answers` are played before the models' own."""

    def __init__(self, now: Callable[[], float], library: Library) -> None:
        self._now = now
        self._library = library
        self._seals = Seals()
        self.answers: list[Answer] = []

    def check_echoes(self, asked: Asked, owner: str) -> None:
        """Refuse reasoning that came from another credential."""
        for echoed, blob in asked.echoed:
            fault = self._seals.fault(owner, echoed, blob)
            if fault is not None:
                raise Refused("invalid_request_body", fault)

    def answer(self, wire: Wire, model: Model, asked: Asked, asker: Asker) -> Reply:
        """The reply to a sound request."""
        answer = self.answers.pop(0) if self.answers else own(model, asked, self._library)
        kind = "" if asker.copilot else "chat.completion"
        identity = f"{wire.ids}{secrets.token_hex(12)}"
        head = Head(identity, int(self._now()), model.id, kind)
        usage = _usage(wire, model, asked, answer, asker)
        spoken = _Spoken(wire, answer, head, usage, asked, asker)
        streamed = asked.stream and model.streams
        if answer.raw is None and (not streamed or quirks(answer.quirk) & {"json", "anthropic"}):
            return json_reply(self._whole(spoken))
        return Reply(200, {"content-type": EVENTS}, self._streamed(spoken))

    def _whole(self, spoken: _Spoken) -> dict[str, Any]:
        wire, answer, head, usage, asked, asker = spoken
        if wire is RESPONSES_WIRE:
            return responses_stream.whole(answer, head, usage, self._form(asked, asker))
        if wire is MESSAGES_WIRE:
            return messages_stream.whole(answer, head, usage, self._seal(asker))
        return streams.whole(answer, head, usage)

    def _streamed(self, spoken: _Spoken) -> Iterator[Step]:
        wire, answer, head, usage, asked, asker = spoken
        if wire is RESPONSES_WIRE:
            form = self._form(asked, asker)
            return responses_stream.ResponsesStream(answer, head, usage, form).steps()
        if wire is MESSAGES_WIRE:
            seal = self._seal(asker)
            return messages_stream.MessagesStream(answer, head, usage, seal).steps()
        shown = usage if asker.copilot or asked.usage else {}
        return streams.ChatStream(answer, head, shown).steps()

    def _form(self, asked: Asked, asker: Asker) -> responses_stream.Form:
        def item(prefix: str) -> Item:
            return self._seals.item(asker.owner, prefix)

        return responses_stream.Form(item, asked.summary, asked.sealed, asker.copilot)

    def _seal(self, asker: Asker) -> Callable[[], str]:
        return lambda: self._seals.item(asker.owner).blob


def _usage(wire: Wire, model: Model, asked: Asked, answer: Answer, asker: Asker) -> dict[str, Any]:
    used = billing.counts(asked.tokens, answer)
    counted: dict[str, Any] = {"usage": wire.usage(used)}
    if asker.copilot:
        counted["copilot_usage"] = billing.bill(used, model)
    return counted | billing.scripted(answer.usage or {})
