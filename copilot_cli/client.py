"""Copilot for a person's own scripts: their sign-in, their settings, the same stream of events.

    from copilot_cli import Client, Text

    for event in Client().ask("What is a monad?"):
        if isinstance(event, Text):
            print(event.text, end="", flush=True)

Rule: a library asks nobody and prints nothing. What the program would say on stderr comes as a
`Notice`, and what only a person could answer is an error that says so.
"""

import io
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from copilot_cli.app import App
from copilot_cli.chat import MAX_ROUNDS
from copilot_cli.effects import Effects
from copilot_cli.errors import NotAllowedError, UsageError
from copilot_cli.messages import End, Event, Notice, Text
from copilot_cli.verdict import verdict

if TYPE_CHECKING:
    import httpx

    from copilot_cli.attachments.attachment import Attachment
    from copilot_cli.attachments.reading import Detail
    from copilot_cli.chat import Chat, Content
    from copilot_cli.messages import ModelInfo, Request
    from copilot_cli.parties import Engine, Toolbox


class Client:
    """One person's Copilot. Close it, or use it as a context; one thread at a time.

    Every argument is as the option of that name: `account`, `host`, `home` (a folder), `engine`,
    `model` and `effort`; what is not given comes from the environment and `config.toml`. `retries`
    bounds how often a request is sent again, `timeout_idle` is in seconds. `environ` replaces the
    process's environment and `transport` the network, for tests.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        account: str | None = None,
        host: str | None = None,
        home: Path | str | None = None,
        engine: str | None = None,
        effort: str | None = None,
        retries: int | None = None,
        timeout_idle: float | None = None,
        environ: Mapping[str, str] | None = None,
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self._closed = False
        self._said: list[str] = []
        given = {
            "model": model,
            "account": account,
            "host": host,
            "home": home,
            "engine": engine,
            "effort": effort,
            "retries": retries,
            "timeout_idle": timeout_idle,
        }
        options = {name: None if value is None else str(value) for name, value in given.items()}
        self._app = App(
            options,
            Effects(
                environ=environ,
                stdin=io.StringIO(),
                stdout=io.StringIO(),
                stderr=_Heard(self._said),
                transport=transport,
            ),
        )

    def ask(
        self,
        text: str,
        *,
        system: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_output: int | None = None,
        stop: Sequence[str] = (),
        save: bool = False,
        files: Sequence[str | Path] = (),
        detail: "Detail | None" = None,
        allow_sensitive: bool = False,
        tools: Sequence[Callable[..., object] | str] = (),
        allow: Sequence[str] = (),
        max_rounds: int = MAX_ROUNDS,
    ) -> Generator[Event]:
        """Yield the events of the answer to `text`; the last is `End`.

        `End.complete` says whether the answer is whole; one that was cut is no exception. `system`
        are instructions that go before the question, `temperature` is from 0 to 2, `max_output` in
        tokens; `stop` are texts that end the answer. `save` keeps it among the person's stored
        conversations.

        `files` go along: paths, folders, patterns, addresses of pages, `git:diff`, as of `ask -f`;
        `detail` is how closely the model looks at images among them. What may hold secrets is a
        `UsageError` without `allow_sensitive`.

        `tools` are functions that the model may ask for, or names of those that are built in; only
        what `allow` names is run, in at most `max_rounds` rounds.

        Closing the generator stops the answer. Raises a `CopilotChatError` where there is no answer
        at all; its `exit_code` and `kind` are those of docs/exit-codes.md.
        """
        if not text.strip():
            raise UsageError("the question is empty")
        if self._closed:
            raise UsageError("the client is closed")
        attached = self._attached(files, detail, allow_sensitive) if files else []
        chat = self.chat(
            system=system,
            model=model,
            save=save,
            tools=tools,
            allow=allow,
            max_rounds=max_rounds,
        )
        chat.temperature = temperature
        chat.max_output = max_output
        chat.stop = (stop,) if isinstance(stop, str) else tuple(stop)
        content = self._with_files(chat, model, text, attached) if attached else text
        ends: list[Event] = []
        with closing(chat.send(content)) as events:
            for event in events:
                if isinstance(event, End):  # something may be said yet, when the answer is kept
                    ends.append(event)
                else:
                    yield event
        yield from self._notices()
        yield from ends

    def answer(
        self,
        text: str,
        *,
        system: str | None = None,
        model: str | None = None,
        temperature: float | None = None,
        max_output: int | None = None,
        stop: Sequence[str] = (),
        save: bool = False,
        files: Sequence[str | Path] = (),
        detail: "Detail | None" = None,
        allow_sensitive: bool = False,
        tools: Sequence[Callable[..., object] | str] = (),
        allow: Sequence[str] = (),
        max_rounds: int = MAX_ROUNDS,
    ) -> str:
        """Return the whole answer to `text`; the arguments are those of `ask`.

        Raises what `ask` raises, and `IncompleteError` or `FilteredError` for an answer that was
        cut.
        """
        pieces: list[str] = []
        events = self.ask(
            text,
            system=system,
            model=model,
            temperature=temperature,
            max_output=max_output,
            stop=stop,
            save=save,
            files=files,
            detail=detail,
            allow_sensitive=allow_sensitive,
            tools=tools,
            allow=allow,
            max_rounds=max_rounds,
        )
        for event in events:
            match event:
                case Text(piece):
                    pieces.append(piece)
                case End() if (error := verdict(event, said=bool(pieces))) is not None:
                    raise error
                case _:
                    pass
        return "".join(pieces)

    def chat(
        self,
        *,
        system: str | None = None,
        model: str | None = None,
        save: bool = False,
        tools: Sequence[Callable[..., object] | str] = (),
        allow: Sequence[str] = (),
        max_rounds: int = MAX_ROUNDS,
    ) -> "Chat":
        """Return a conversation: `Chat.send(text)` yields the events of each next turn.

        The arguments are those of `ask`. Raises a `CopilotChatError` where nobody is signed in, a
        setting cannot be used, or a function is no tool; `NotAllowedError` where the model takes
        no tools.
        """
        box = self._toolbox(tools, allow) if tools or allow else None
        chat, _ = self._app.chat(save=save, system=system, model=model, tools=box)
        if box is not None and chat.tools is None:
            from copilot_cli.conversation import without_tools

            raise NotAllowedError(f"{without_tools(chat)} takes no tools")
        chat.max_rounds = max_rounds
        chat.engine = _Telling(chat.engine, self._notices)
        return chat

    def _attached(
        self,
        files: Sequence[str | Path],
        detail: "Detail | None",
        allow_sensitive: bool,  # noqa: FBT001
    ) -> "list[Attachment]":
        from copilot_cli.attachments.gathering import Gathering

        hint = "allow_sensitive=True sends it all the same"
        gathering = Gathering(self._app, allow_sensitive=allow_sensitive, detail=detail, hint=hint)
        return gathering.all(map(str, files))

    def _with_files(
        self, chat: "Chat", model: str | None, text: str, attached: "list[Attachment]"
    ) -> "Content":
        from copilot_cli.attachments.attachment import content
        from copilot_cli.attachments.sending import check

        app = self._app
        route = app.catalogue.resolve(model, ask=False) if model else app.route
        question = content(attached, text)
        check(app, chat, route.endpoint, attached, question)
        return question

    def _toolbox(
        self, tools: Sequence[Callable[..., object] | str], allow: Sequence[str]
    ) -> "Toolbox | None":
        from copilot_cli.toolkit import Toolkit

        toolkit = Toolkit(self._app, terminal=nullcontext, printing=nullcontext)
        for each in tools:
            toolkit.add(each)
        toolkit.allow(allow)
        return toolkit.box

    def models(self) -> "list[ModelInfo]":
        """Return the models of the account, at most ten minutes old. Raises `CopilotChatError`."""
        return self._app.catalogue.models()

    def close(self) -> None:
        """Let go of connections and files; it can be asked nothing more."""
        self._closed = True
        self._app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _notices(self) -> Iterator[Notice]:
        while self._said:
            yield Notice(self._said.pop(0))


class _Telling:
    """An engine, with what the program would say on stderr among the events of its answers."""

    def __init__(self, engine: "Engine", notices: Callable[[], Iterator[Notice]]) -> None:
        self._engine = engine
        self._notices = notices

    @property
    def name(self) -> str:
        """The engine's own name."""
        return self._engine.name

    def answer(self, request: "Request") -> Generator[Event]:
        """Yield the events of one answer, as the engine does."""
        with closing(self._engine.answer(request)) as events:
            for event in events:
                yield from self._notices()
                yield event

    def dry_run(self, request: "Request") -> "dict[str, Any]":
        """Return what the engine would send."""
        return self._engine.dry_run(request)


class _Heard(io.StringIO):
    """A stderr that nobody reads: each line that is said becomes an item of `said`."""

    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._lines = said

    def write(self, text: str) -> int:
        self._lines += [line for line in text.splitlines() if line.strip()]
        return len(text)
