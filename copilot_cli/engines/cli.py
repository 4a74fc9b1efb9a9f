"""The engine `cli`: GitHub's own command `copilot`, run once for each answer.

It is the way out while the SDK of the engine `official` changes: what it needs of the command are
its options and the lines that it prints. It costs a second and a half an answer, and takes less
than the other engines do (docs/engines.md). Rule: the conversation is ours and sent whole each
time; nothing of a run is left when it is over.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from copilot_cli.engines import cli_command as command
from copilot_cli.engines.cli_prompt import Prompt, prompt_of
from copilot_cli.engines.cli_run import Asked, Place, Runs
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.official.access import SignIn, refuse_offline
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import SettingsError
from copilot_cli.messages import Event, ModelInfo, Notice, Request, Text
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from copilot_cli.engines.refusal import Refusal

STARTING = 60.0
"""Seconds until a program has to have said something: at first it unpacks 200 MB of itself."""


class CliEngine:
    """Answers turns, each with a run of the command.

    `access` says by what right: a sign-in to Copilot, or an endpoint of the person's own.
    `program` returns the command's path, or raises what to do about there being none. `environ` is
    what it gets of the environment, without secrets; `unpacked` is where it keeps itself unpacked,
    `folder` where its runs have their folders. `timeout_idle` and `starting` are in seconds. `find`
    returns what is known of a model, and sends nothing. `offline`: only this machine may be asked.
    """

    name = "cli"

    def __init__(
        self,
        access: "SignIn | Endpoint",
        *,
        program: Callable[[], Path],
        environ: Mapping[str, str],
        unpacked: Path,
        folder: Path,
        timeout_idle: float,
        retrying: Retrying,
        monotonic: Callable[[], float],
        find: Callable[[str], ModelInfo | None] = lambda _: None,
        starting: float = STARTING,
        offline: bool = False,
    ) -> None:
        self._access = access
        self._program = program
        self._runs = Runs(
            Place(environ, unpacked, folder),
            idle=timeout_idle,
            starting=starting,
            monotonic=monotonic,
        )
        self._retrying = retrying
        self._find = find
        self._offline = offline
        self._told: set[str] = set()
        self._without_effort: set[str] = set()

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried, and
        `SettingsError` where there is no command that could be asked.
        """
        prompt = prompt_of(request.messages)
        arguments = self._arguments(request, prompt)
        if self._offline:
            refuse_offline(_addresses(self._access))
        yield from self._remarks(request)
        asked = self._asked(request, arguments, prompt)
        yield from self._retrying.answer(lambda: self._adapted(request, asked))

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what would be run: its arguments, its stdin, and what we add to its environment.

        Nobody signs in for it, and nothing is started.
        """
        prompt = prompt_of(request.messages)
        arguments = self._arguments(request, prompt)
        try:
            program = str(self._program())
        except SettingsError:
            program = "copilot"
        if isinstance(self._access, Endpoint):
            added = command.shown(self._variables(request))
        else:
            added = {**_of_sign_in(self._access), "COPILOT_GITHUB_TOKEN": "****"}
        return {"argv": [program, *arguments], "stdin": prompt.text, "environment": added}

    def _adapted(self, request: Request, asked: Asked) -> Generator[Event]:
        """Make one attempt, and another without an effort where that is what was refused.

        The command asks every model called `gpt-…` for a medium effort, and not all have one.
        """
        shown = False
        try:
            with closing(self._runs.answer(asked)) as events:
                for event in events:
                    shown = shown or isinstance(event, Text)
                    yield event
        except Failure as failure:
            known = request.model in self._without_effort
            if shown or known or not _refuses_effort(failure.refusal):
                raise
            self._without_effort.add(request.model)
        else:
            return
        if request.effort is not None:
            yield Notice(f"effort is left out: {request.model} does not take it")
        arguments = self._arguments(request, asked.prompt)
        yield from self._runs.answer(asked._replace(arguments=arguments))

    # What the command is told

    def _arguments(self, request: Request, prompt: Prompt) -> list[str]:
        if request.model in self._without_effort:
            request = request._replace(effort="none")
        access = self._access
        nameless = isinstance(access, Endpoint) and command.is_nameless(access)
        names = [image.name for image in prompt.images]
        return command.arguments(request, names, nameless=nameless)

    def _variables(self, request: Request) -> Mapping[str, str | Secret]:
        if isinstance(self._access, Endpoint):
            return command.endpoint_variables(self._access, request, self._find(request.model))
        return {**_of_sign_in(self._access), "COPILOT_GITHUB_TOKEN": self._access.token()}

    def _remarks(self, request: Request) -> Iterator[Event]:
        """Say, once for each, what the command cannot be told."""
        untold = {
            "tools": bool(request.tools),
            "temperature": request.temperature is not None,
            "max_output": bool(request.max_output) and not isinstance(self._access, Endpoint),
            "stop": bool(request.stop),
            "schema": request.schema is not None,
            f"effort {request.effort}": request.effort not in (None, *command.EFFORTS),
        }
        for what in (name for name, given in untold.items() if given):
            if what not in self._told:
                self._told.add(what)
                yield Notice(f"{what}: the engine cli cannot tell the command copilot of it")

    def _asked(self, request: Request, arguments: list[str], prompt: Prompt) -> Asked:
        access = self._access
        return Asked(
            self._program(),
            arguments,
            prompt,
            self._variables(request),
            _nothing if isinstance(access, Endpoint) else access.check,
            partial(_explained, access) if isinstance(access, Endpoint) else _of_its_own,
        )


def _of_sign_in(access: "SignIn") -> dict[str, str]:
    return {**access.variables, **({"COPILOT_API_URL": access.api} if access.api else {})}


def _addresses(access: "SignIn | Endpoint") -> tuple[str, ...]:
    return (access.base_url,) if isinstance(access, Endpoint) else access.addresses


def _refuses_effort(refusal: "Refusal | None") -> bool:
    from copilot_cli.engines.adapting import refused_parameter
    from copilot_cli.wires.table import CHAT

    sent = {"reasoning_effort": ""}
    return refusal is not None and refused_parameter(refusal, sent, CHAT.path) is not None


def _nothing() -> None:
    """An endpoint of the person's own has no sign-in that could be refused."""


def _of_its_own(failure: Failure) -> Failure:
    from copilot_cli.engines.official.faults import of_its_own

    return of_its_own(failure, f"the command copilot says who it is: {command.UPDATE}")


def _explained(endpoint: Endpoint, failure: Failure) -> Failure:
    from copilot_cli.engines.byok_refusals import explained

    return explained(failure, endpoint, urlsplit(endpoint.base_url).netloc)
