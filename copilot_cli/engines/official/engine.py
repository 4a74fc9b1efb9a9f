"""`OfficialEngine`: answers turns with GitHub's runtime. How it does that stands in the package.

Nothing is imported of the SDK, and no process started, before the first question.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from copilot_cli.engines.answering import Form, wire_of
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.official import faults
from copilot_cli.engines.official.access import OwnEndpoint, SignIn, refuse_offline
from copilot_cli.engines.official.attempt import Attempt, Heard, Item
from copilot_cli.engines.official.reading import Reading
from copilot_cli.engines.official.requests import ModelRequests
from copilot_cli.engines.official.rewriting import headers_of
from copilot_cli.engines.official.runtime import Deadlines, Runtime
from copilot_cli.engines.official.sdk import SDK, GitHubSDK
from copilot_cli.engines.official.sessions import Place, Sessions
from copilot_cli.engines.resilience import Retrying
from copilot_cli.messages import End, Event, ModelInfo, Notice, Request, Started
from copilot_cli.wires.table import WIRES

_SLICE = 1.0
"""Seconds of one wait: on Windows Ctrl-C is heard between two of them."""


class OfficialEngine:
    """Answers turns; one at a time, each in the session that knows what came before.

    `program` returns the path of the runtime, or raises what to do about there being none. `home`
    is where the folders are made that runtimes may write to, `environ` what they get of the
    environment: without secrets. `unpacked` is where npm's own program unpacks itself, 235 MB that
    are not to be written anew each time. `timeout_idle` is in seconds. `find` returns what is known
    of a model, and sends nothing.
    """

    name = "official"

    def __init__(
        self,
        client: httpx.Client,
        http: HTTPEngine,
        access: SignIn | OwnEndpoint,
        *,
        program: Callable[[], Path],
        home: Path,
        environ: Mapping[str, str],
        unpacked: Path | None = None,
        timeout_idle: float,
        retrying: Retrying,
        monotonic: Callable[[], float],
        find: Callable[[str], ModelInfo | None] = lambda _: None,
        offline: bool = False,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - a NamedTuple
        sdk: Callable[[], SDK] = GitHubSDK,
    ) -> None:
        self._access = access
        self._offline = offline
        requests = (
            ModelRequests(client, http, access.sender)
            if isinstance(access, OwnEndpoint)
            else ModelRequests(client, http, None, access.at_home)
        )
        self._sessions = Sessions(
            access,
            requests,
            Place(program, home, environ, unpacked),
            load=sdk,
            deadlines=deadlines,
            monotonic=monotonic,
        )
        self._idle = timeout_idle
        self._retrying = retrying
        self._monotonic = monotonic
        self._find = find
        self._deadlines = deadlines
        self._untaken: dict[tuple[str, str], set[str]] = {}

    # What an engine is asked

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        A tool call ends it, with `tool_calls`; the next request is to bring the results. Raises a
        `CopilotChatError` where nothing was shown and nothing more is to be tried.
        """
        if self._offline and isinstance(self._access, SignIn):
            refuse_offline(self._access.addresses)
        form = self._form(request, self._wire(request))
        yield from self._retrying.answer(lambda: self._adapted(form))

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what the model would get; the runtime adds headers, and no word to the body."""
        if isinstance(self._access, OwnEndpoint):
            return self._access.dry_run(request)
        path = self._wire(request)
        return {
            "method": "POST",
            "url": self._access.api,
            "path": path,
            "headers": headers_of({}, request),
            "body": self._form(request, path).body(),
        }

    def close(self) -> None:
        """End the runtime and remove what it wrote; the engine may be asked again after it."""
        self._sessions.close()

    # Attempts

    def _wire(self, request: Request) -> str:
        if isinstance(self._access, OwnEndpoint):
            return self._access.wire
        return wire_of(self._find(request.model), WIRES)

    def _form(self, request: Request, path: str) -> Form:
        return Form(request, path, (), self._find(request.model), self._untaken)

    def _adapted(self, form: Form) -> Generator[Event]:
        """Make one attempt, and another for each thing that the service says it does not take."""
        while True:
            shown = False
            try:
                with closing(self._attempt(form)) as events:
                    for event in events:
                        shown = shown or not isinstance(event, Started | Notice)
                        yield event
            except Failure as failure:
                notices = None if shown else form.adapt(failure.refusal)
                if notices is None:
                    if isinstance(self._access, SignIn):
                        faults.of_its_own(failure, faults.UPDATE)
                        raise
                    raise self._access.explain(failure) from failure
            else:
                return
            yield from notices

    def _attempt(self, form: Form) -> Generator[Event]:
        attempt, reading, sessions = Attempt(form), Reading(), self._sessions
        runtime = yield from sessions.ready()
        binding, rest = sessions.take(runtime, form.request)
        kept = False
        try:
            sessions.tell(runtime, binding, rest, attempt)
            yield from self._listen(runtime, attempt, reading)
            kept = reading.goes_on
        finally:
            if kept:
                after = binding.after(form.request, reading.parts())
                sessions.keep(after, attempt, settled=reading.settled or reading.calls)
            else:
                attempt.close()
                sessions.give_up(runtime, binding)
        yield from reading.ending()

    def _listen(self, runtime: Runtime, attempt: Attempt, reading: Reading) -> Generator[Event]:
        """Yield what comes until the reply is over, and no longer than silence is allowed."""
        since = self._monotonic()
        while not reading.over:
            patience = self._patience(attempt)
            item = attempt.next(min(_SLICE, patience))
            now = self._monotonic()
            if item is not None:
                since = now
            elif now - since >= patience:
                item = self._silence(runtime, attempt)
            if item is not None:
                yield from reading.take(item)

    def _patience(self, attempt: Attempt) -> float:
        """Return the seconds of silence allowed.

        Who speaks to the model has the same idle time-out, and ends a reply before we do.
        """
        return self._idle + self._deadlines.settle if attempt.asked else self._deadlines.call

    def _silence(self, runtime: Runtime, attempt: Attempt) -> Item:
        """Return what a silence that was too long means. Raises `Failure` for a hung runtime."""
        if not attempt.asked:
            runtime.stop()
            raise faults.hung("a question", self._deadlines.call)
        detail = f"nothing came for {self._idle:g} seconds"
        return Heard((End("stalled", complete=False, detail=detail),))
