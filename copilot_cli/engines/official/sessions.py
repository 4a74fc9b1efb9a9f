"""The runtime that is running, and the session in it that the conversation goes on in.

Rule: at most one runtime, and one session that is kept. Whoever takes the session has to bring it
back with what it was told since, or let it go.
"""

import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.home import Home
from copilot_cli.engines.official import binding as bindings
from copilot_cli.engines.official.access import OwnEndpoint, SignIn
from copilot_cli.engines.official.attempt import Attempt, Item, Settled
from copilot_cli.engines.official.binding import Binding
from copilot_cli.engines.official.requests import ModelRequests
from copilot_cli.engines.official.runtime import Deadlines, Runtime
from copilot_cli.engines.official.sdk import PLACEHOLDER, SDK, Launch, Plan
from copilot_cli.engines.resilience import rule_of
from copilot_cli.errors import CopilotChatError
from copilot_cli.messages import Event, Message, Notice, Request
from copilot_cli.wires.table import WIRES

_FOREIGN = ("COPILOT_", "GITHUB_", "GH_", "OTEL_")
"""Variables that would tell the runtime something else than we do."""

_OFFLINE = {
    "COPILOT_OFFLINE": "true",
    # npm's own program ends at once offline without these; each session brings its own.
    "COPILOT_PROVIDER_BASE_URL": PLACEHOLDER,
    "COPILOT_MODEL": "none",
}
"""What tells the runtime to ask GitHub nothing."""

_ENDS = (Settled, Failure, type(None))


class Place(NamedTuple):
    """What a runtime is started with: see `OfficialEngine`."""

    program: Callable[[], Path]
    home: Path
    environ: Mapping[str, str]
    unpacked: Path | None = None


class Sessions:
    """Starts the runtime, and makes sessions in it, when they are first needed."""

    def __init__(
        self,
        access: SignIn | OwnEndpoint,
        requests: ModelRequests,
        place: Place,
        *,
        load: Callable[[], SDK],
        deadlines: Deadlines,
        monotonic: Callable[[], float],
    ) -> None:
        self._access = access
        self._requests = requests
        self._place = place
        self._load = load
        self._deadlines = deadlines
        self._monotonic = monotonic
        self._sdk: SDK | None = None
        self._home: Home | None = None
        self._runtime: Runtime | None = None
        self._binding: Binding | None = None
        self._unsettled: Attempt | None = None
        self._used = 0.0

    def ready(self) -> Generator[Event, None, Runtime]:
        """Return a runtime that answers, and say so where another had to be started."""
        runtime = self._runtime
        if runtime is not None and not self._is_well(runtime):
            yield Notice("GitHub's runtime had ended, and is started again")
            self._discard(runtime)
            runtime = None
        if runtime is None:
            runtime = self._runtime = self._started()
        return runtime

    def _is_well(self, runtime: Runtime) -> bool:
        if runtime.ended:
            return False
        if not self._has_settled():
            self._drop(runtime)
        unused = self._monotonic() - self._used
        return (self._binding is not None and unused < self._deadlines.unused) or runtime.answers()

    def _has_settled(self) -> bool:
        """Wait for the end of the session's last turn; False where it did not come, or badly."""
        attempt, self._unsettled = self._unsettled, None
        until = self._monotonic() + self._deadlines.settle
        item: Item | None = Settled()
        if attempt is not None:
            while not isinstance(item := attempt.next(until - self._monotonic()), _ENDS):
                pass  # a late word that the answer has already
            attempt.close()
        return isinstance(item, Settled) and item.failure is None

    def _discard(self, runtime: Runtime) -> None:
        runtime.stop()
        self._runtime = self._binding = self._unsettled = None

    def _drop(self, runtime: Runtime) -> None:
        binding, self._binding = self._binding, None
        if binding is not None:
            runtime.let_go(binding.session_id)

    def _started(self) -> Runtime:
        program = self._place.program()
        sdk = self._sdk = self._sdk or self._load()
        home = self._home = self._home or Home(self._place.home)
        launch = Launch(program, self._variables(home), home.state, home.path)
        return Runtime(sdk, launch, self._requests, self._deadlines)

    def _variables(self, home: Home) -> dict[str, str]:
        """Return the runtime's whole environment."""
        given = {k: v for k, v in self._place.environ.items() if not k.upper().startswith(_FOREIGN)}
        own = {
            "HOME": str(home.path),
            "USERPROFILE": str(home.path),
            "COPILOT_CACHE_HOME": str(home.cache),
            "COPILOT_AUTO_UPDATE": "false",
        }
        if self._place.unpacked is not None:
            own["COPILOT_PKG_CACHE_HOME"] = str(self._place.unpacked)
        if isinstance(self._access, OwnEndpoint):
            return {**given, **own, **_OFFLINE}
        return {**given, **own, **self._access.variables}

    def take(self, runtime: Runtime, request: Request) -> tuple[Binding, Sequence[Message]]:
        """Return a session, and what it is still to be told: the last message, or all of them."""
        made = bindings.fingerprint(request, self._access.whose)
        binding, self._binding = self._binding, None
        if binding is not None:
            rest = binding.rest(made, request.messages)
            if rest is not None:
                return binding, rest
            runtime.let_go(binding.session_id)
        binding = Binding(str(uuid.uuid4()), made)
        self._open(runtime, binding, request)
        return binding, request.messages

    def _open(self, runtime: Runtime, binding: Binding, request: Request) -> None:
        access = self._access
        plan = Plan(
            session_id=binding.session_id,
            model=request.model,
            system=binding.fingerprint.system,
            stream=request.stream,
            tools=request.tools,
            token=access.token() if isinstance(access, SignIn) else None,
            wire=WIRES[access.wire].name if isinstance(access, OwnEndpoint) else None,
        )
        try:
            runtime.open(plan)
        except Failure as failure:
            if isinstance(access, SignIn) and not runtime.ended:
                self._ask_github(access, failure)
            raise

    def _ask_github(self, access: SignIn, failure: Failure) -> None:
        """Raise what GitHub itself says of the sign-in: the runtime's own words have no type."""
        try:
            access.check()
        except CopilotChatError as error:
            raise Failure(error, rule_of(error)) from failure

    def tell(
        self, runtime: Runtime, binding: Binding, rest: Sequence[Message], attempt: Attempt
    ) -> None:
        """Have the session begin its turn, or go on with it."""
        runtime.expect(binding.session_id, attempt)
        if binding.pending:
            runtime.resume(binding.session_id, bindings.results(rest))
        else:
            runtime.send(binding.session_id, _last_words(rest))

    def keep(self, binding: Binding, attempt: Attempt, *, settled: bool) -> None:
        """Keep a session for the next turn; `settled` is whether its last one has ended.

        Where it has not, `attempt` is where its end will be heard of: the answer is there already,
        and nobody is kept waiting for it.
        """
        self._binding, self._used = binding, self._monotonic()
        self._unsettled = None if settled else attempt
        if settled:
            attempt.close()

    def give_up(self, runtime: Runtime, binding: Binding) -> None:
        """Let a session go that does not know what the transcript does, or whose runtime is gone.

        That it is gone the answer has said: the next is started without another word.
        """
        runtime.let_go(binding.session_id)
        if runtime.ended:
            self._discard(runtime)

    def close(self) -> None:
        """End the runtime and remove what it wrote; it is started anew where it is asked again."""
        home, self._home = self._home, None
        try:
            if self._runtime is not None:
                self._discard(self._runtime)
        finally:  # a second Ctrl-C leaves no conversation in plain text
            if home is not None:
                home.close()


def _last_words(messages: Sequence[Message]) -> str:
    """Return the text of the last message; the model gets the transcript, and never this."""
    asked = [each.text for each in messages if each.role == "user"]
    return asked[-1] if asked and asked[-1].strip() else "(see the transcript)"
