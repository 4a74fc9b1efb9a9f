"""What every HTTP engine does with a request: choose its wire, send it, adapt it, try again.

An engine adds a `Sender`: the URL, the headers and the credential of one request. Rule: nothing is
sent again once something was shown; what is sent again is the same question, written otherwise only
where the service said what it does not take.
"""

import json
import logging
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from typing import Any, Protocol

from copilot_cli.engines.failure import Failure, StaleToken
from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.engines.refusal import Refusal
from copilot_cli.engines.resilience import Retrying
from copilot_cli.messages import Event, ModelInfo, Notice, Request, Started
from copilot_cli.values import NamedTuple
from copilot_cli.wires.stream import Decoder
from copilot_cli.wires.table import CHAT, MESSAGES, NEWER_CAP, RESPONSES, WIRES, Wire

REMEMBERED = 3 * 86_400.0
"""Seconds for which the endpoint that answered in place of the listed one is asked first."""

_log = logging.getLogger(__name__)
_INSTRUCTIONS = "the role system"
"""Among what a model does not take: messages of that role. No field of a body is called so."""


class Address(NamedTuple):
    """Where one attempt goes, and its headers with the credential."""

    url: str
    headers: Mapping[str, str]


class Sender(Protocol):
    """Who knows where one request goes; made anew for each, since it renews a credential once."""

    def address(self, wire: Wire, request: Request) -> Address:
        """Return where `request` goes on `wire`. Raises a `CopilotChatError`."""

    def renew(self, stale: StaleToken) -> bool:
        """Replace what was refused; return whether the request is to be sent again."""


class WireMemory:
    """The endpoints that answered in place of the listed ones, by host, account and model.

    `load` and `save` keep a JSON value between runs; `whose` names host and account.
    """

    def __init__(
        self,
        load: Callable[[], object] = lambda: None,
        save: Callable[[object], None] = lambda _: None,
        *,
        whose: Callable[[], str] = lambda: "",
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._load = load
        self._save = save
        self._whose = whose
        self._now = now
        self._kept: dict[str, tuple[str, float]] | None = None

    def get(self, model: str) -> str | None:
        """Return the endpoint that is remembered for `model`."""
        if self._kept is None:
            self._kept = self._read()
        path, at = self._kept.get(self._key(model), ("", 0.0)) if self._kept else ("", 0.0)
        return path if path and 0 <= self._now() - at <= REMEMBERED else None

    def put(self, model: str, path: str) -> None:
        """Remember `path` for `model`."""
        kept = self._read() | (self._kept or {})
        self._kept = kept | {self._key(model): (path, self._now())}
        self._save({key: list(value) for key, value in self._kept.items()})

    def _key(self, model: str) -> str:
        return f"{self._whose()} {model}"

    def _read(self) -> dict[str, tuple[str, float]]:
        data = self._load()
        return {
            key: (value[0], value[1])
            for key, value in (data.items() if isinstance(data, dict) else ())
            if isinstance(value, list) and [type(item) for item in value] == [str, float]
        }


class Answering:
    """Answers requests; what differs between engines arrives with each as its `Sender`.

    `find` returns what is known of a model, `path` is the one wire to use (None: by the model, with
    what `memory` holds). `explain` rewords a failure, `reading` wraps a wire's decoder.
    """

    def __init__(
        self,
        http: HTTPEngine,
        *,
        retrying: Retrying,
        find: Callable[[str], ModelInfo | None] = lambda _: None,
        memory: WireMemory | None = None,
        path: str | None = None,
        explain: Callable[[Failure], Failure] | None = None,
        reading: Callable[[Decoder], Decoder] = lambda decoder: decoder,
    ) -> None:
        self._http = http
        self._retrying = retrying
        self._find = find
        self._memory = memory or WireMemory()
        self._path = path
        self._explain = explain
        self._reading = reading
        self._untaken: dict[tuple[str, str], set[str]] = {}

    def answer(self, request: Request, sender: Sender) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried.
        """
        form = self.form(request)
        yield from self._retrying.answer(lambda: self._adapted(form, sender))

    def form(self, request: Request) -> "Form":
        """Return how `request` is written first; sends nothing."""
        model = self._find(request.model)
        if self._path is not None:
            return Form(request, self._path, (self._path,), model, self._untaken)
        remembered = self._memory.get(request.model)
        path = remembered if remembered and remembered in WIRES else wire_of(model, WIRES)
        return Form(request, path, tuple(WIRES), model, self._untaken)

    def _adapted(self, form: "Form", sender: Sender) -> Generator[Event]:
        """Make one attempt, and another for each thing that the service says it does not take."""
        while True:
            shown = False
            try:
                with closing(self._authorized(form, sender)) as events:
                    for event in events:
                        shown = shown or not isinstance(event, Started)
                        if form.switched and isinstance(event, Started):
                            self._memory.put(form.request.model, form.path)
                        yield event
            except Failure as failure:
                notices = None if shown else form.adapt(failure.refusal)
                if notices is None:
                    told = self._explain(failure) if self._explain else failure
                    if told is failure:
                        raise
                    raise told from failure
                _log.debug("sent again, written otherwise: %s", failure)
            else:
                return
            yield from notices

    def _authorized(self, form: "Form", sender: Sender) -> Generator[Event]:
        while True:
            wire = form.wire
            address = sender.address(wire, form.request)
            headers = {**wire.headers, **address.headers}
            call = Call(address.url, headers, form.encoded(), form.request.stream)
            try:
                yield from self._http.attempt(call, self._reading(wire.decoder(form.request)))
            except StaleToken as stale:
                # It comes in place of the first event, so nothing was shown yet.
                if not sender.renew(stale):
                    raise
            else:
                return


class Form:
    """How one request is written: on which wire, and without what the service refused."""

    def __init__(
        self,
        request: Request,
        path: str,
        spoken: Collection[str],
        model: ModelInfo | None,
        untaken: dict[tuple[str, str], set[str]],
    ) -> None:
        """`untaken` are the fields that a model did not take before, by model and path: shared."""
        streams = model is None or model.streaming is not False
        self.request = request if streams else request._replace(stream=False)
        self.path = path
        self.switched = False
        self._spoken = spoken
        self._model = model
        self._all_untaken = untaken
        self._encoded: bytes | None = None

    @property
    def wire(self) -> Wire:
        """The wire of `path`."""
        return WIRES[self.path]

    def body(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        untaken, request, wire = self._untaken, self.request, self.wire
        if untaken:
            from copilot_cli.engines.adapting import without_fields, without_instructions

            request = without_fields(request, untaken)
            if _INSTRUCTIONS in untaken:
                left = without_instructions(request.messages)
                request = request._replace(messages=left or request.messages)
        body = wire.encode(request, self._model, legacy_cap=NEWER_CAP in untaken)
        return {key: value for key, value in body.items() if key not in untaken}

    def encoded(self) -> bytes:
        """Return the body as it is sent."""
        if self._encoded is None:
            self._encoded = json.dumps(self.body()).encode()
        return self._encoded

    @property
    def _untaken(self) -> set[str]:
        return self._all_untaken.setdefault((self.request.model, self.path), set())

    def adapt(self, refusal: Refusal | None) -> list[Event] | None:
        """Write it otherwise, as `refusal` asks; return what to say of that, None for no way."""
        if refusal is None:
            return None
        self._encoded = None
        for way in (self._switch, self._forget_reasoning, self._leave_out, self._join):
            notices = way(refusal)
            if notices is not None:
                return notices
        return None

    def _switch(self, refusal: Refusal) -> list[Event] | None:
        from copilot_cli.engines.adapting import other_wire

        other = other_wire(refusal, self.path, self._model, self._spoken)
        if other is None or self.switched:
            return None
        self.path, self.switched = other, True
        return []

    def _forget_reasoning(self, refusal: Refusal) -> list[Event] | None:
        from copilot_cli.engines.adapting import unreadable_reasoning, without_reasoning

        messages = without_reasoning(self.request.messages)
        if messages is None or not unreadable_reasoning(refusal):
            return None
        self.request = self.request._replace(messages=messages)
        return []

    def _leave_out(self, refusal: Refusal) -> list[Event] | None:
        from copilot_cli.engines.adapting import refused_parameter

        refused = refused_parameter(refusal, self.body(), self.path)
        if refused is None:
            return None
        name, key = refused
        self._untaken.add(key)
        if key == NEWER_CAP:  # the cap itself stays, under its older name
            return []
        return [Notice(f"{name} is left out: {self.request.model} does not take it")]

    def _join(self, refusal: Refusal) -> list[Event] | None:
        """Say the instructions in the question where the model takes none beside it."""
        from copilot_cli.engines.adapting import refuses_instructions, without_instructions

        known = _INSTRUCTIONS in self._untaken or not refuses_instructions(refusal)
        if known or without_instructions(self.request.messages) is None:
            return None
        self._untaken.add(_INSTRUCTIONS)
        said = f"the instructions go along in the question: {self.request.model} takes no others"
        return [Notice(said)]


def wire_of(model: ModelInfo | None, spoken: Collection[str]) -> str:
    """Return the endpoint on which to ask `model`, None for one nobody knows, of those `spoken`.

    Chat completions wherever the model is listed on it, since every client uses that one; but where
    it lists `/responses` too and levels of reasoning, that: chat completions of such models neither
    tell nor carry on the reasoning, and GitHub's own client asks them there
    (microsoft/vscode-copilot-chat). `/v1/messages` only where nothing else is listed.
    """
    listed = set(model.endpoints) & set(spoken) if model else set()
    if model and RESPONSES.path in listed and (model.reasoning or CHAT.path not in listed):
        return RESPONSES.path
    if CHAT.path in listed or not listed:
        return CHAT.path
    return MESSAGES.path
