"""A conversation that is written down: the chat, the session that keeps it, and who answers how.

It is what `repl` talks in and `ask --continue` goes on with. Rule: what is shown, sent and stored
are one branch; every method that moves along the tree of turns leaves the chat with that branch.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from copilot_cli.chat import CONTINUE, MAX_ROUNDS, Chat
from copilot_cli.context import prompt_limit
from copilot_cli.errors import UsageError
from copilot_cli.image_limits import image_limit
from copilot_cli.values import NamedTuple

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.messages import Message, ModelInfo
    from copilot_cli.parties import Toolbox
    from copilot_cli.roles import Role
    from copilot_cli.routing import Route
    from copilot_cli.store.recorder import SessionRecorder
    from copilot_cli.store.sessions import Sessions
    from copilot_cli.store.turns import Session, Turn


_TOOLLESS = frozenset({"cli"})
"""The engines that cannot pass tools on."""


class Manner(NamedTuple):
    """How the model is to answer: as `role` says, then `system`; `context` goes along as data.

    It may ask for `tools`, in at most `max_rounds` rounds of each turn.
    """

    role: "Role | None" = None
    system: str | None = None
    context: str | None = None
    stream: bool = True
    tools: "Toolbox | None" = None
    max_rounds: int = MAX_ROUNDS

    @property
    def instructions(self) -> str | None:
        """What goes before the conversation."""
        texts = (self.role.system if self.role else None, self.system, self.context)
        return "\n\n".join(filter(None, texts)) or None


def open_chat(
    app: "App",
    route: "Route",
    manner: Manner,
    *,
    recorder: "SessionRecorder | None" = None,
    history: "Iterable[Message]" = (),
) -> Chat:
    """Return a chat with the model of `route` that goes on from `history`.

    Its window is known if it was ever read: nothing is asked of the service for that, but for the
    levels of reasoning that the model has, where one is wanted.
    """
    engine = app.guard.engine(app.engine_for(route))
    effort, model = app.effort(manner.role), route.model or ""
    look = app.catalogue.look_up if effort else app.catalogue.find
    info = look(model, route.endpoint)
    return app.plain_chat(
        engine,
        model,
        system=manner.instructions,
        history=history,
        recorder=recorder,
        stream=manner.stream,
        temperature=manner.role.temperature if manner.role else None,
        effort=effort,
        window=prompt_limit(info) if info else None,
        images=image_limit(info) if info else None,
        efforts=info.reasoning if info else None,
        tools=_tools(app, route, manner),
        max_rounds=manner.max_rounds,
    )


def _tools(app: "App", route: "Route", manner: Manner) -> "Toolbox | None":
    """Return the tools that go along: none where the engine, or the model by its list, has none."""
    if manner.tools is None or route.engine in _TOOLLESS:
        return None
    info = app.catalogue.look_up(route.model or "", route.endpoint)
    return None if info is not None and info.tools is False else manner.tools


def without_tools(chat: Chat) -> str:
    """Return who it is that takes no tools, where they were wanted and do not go along."""
    engine = chat.engine.name
    return f"the engine {engine}" if engine in _TOOLLESS else chat.model


class Conversation:
    """One conversation at a time, kept in `sessions`; `begin` and `resume` change to another."""

    def __init__(
        self,
        app: "App",
        sessions: "Sessions",
        manner: Manner,
        *,
        session: "Session | None" = None,
    ) -> None:
        """Go on with `session`, or begin one."""
        self.app = app
        self.sessions = sessions
        self.manner = manner
        stored = self._stored(session) if session and not app.catalogue.named else None
        self.route = stored or app.catalogue.choose(manner.role)
        """Who answers from here on."""
        self.chat, self.recorder = self._opened(session)

    # Which conversation

    @property
    def id(self) -> str | None:
        """The session's id."""
        return self.recorder.session

    def begin(self, sessions: "Sessions | None" = None) -> None:
        """Begin a new conversation with the same model and instructions, kept in `sessions`."""
        self.sessions = sessions or self.sessions
        self._change(None)

    def resume(self, session: "Session") -> None:
        """Go on with a stored conversation, with the model that answered it last."""
        self.route = self._stored(session) or self.route
        self._change(session)

    def fork(self) -> "Session | None":
        """Go on in a copy of the conversation as it is now; None where there is nothing to copy."""
        copy = self.sessions.fork(self.id) if self.turns() else None
        if copy is None:
            return None
        session = self.sessions.find(copy)
        self._change(session)
        return session

    # What was said

    def turns(self) -> "list[Turn]":
        """Return the turns that are shown, from the first."""
        return self.sessions.history(self.id)

    def last_question(self) -> "Turn | None":
        """Return the last thing the person asked; None if there is none."""
        return next((turn for turn in reversed(self.turns()) if turn.role == "user"), None)

    @property
    def unfinished(self) -> bool:
        """Whether the last answer was stopped or cut after its first word."""
        last = next(reversed(self.turns()), None)
        cut = last is not None and last.role == "assistant" and last.state != "complete"
        return cut and bool(last and last.text.strip())

    # The way back, and another way on

    def undo(self) -> "Turn | None":
        """Take back the last question with its answer, or a summary; return what it began with."""
        return self._moved(self.sessions.undo(self.id))

    def redo(self) -> "Turn | None":
        """Bring back what was undone last; return what it began with."""
        return self._moved(self.sessions.redo(self.id))

    def back_before(self, question: "Turn") -> None:
        """Go back to before `question`, for another one in its place; nothing is lost."""
        self.sessions.move(self.id, question.parent)
        self._moved(question)

    # Who answers, and how

    @property
    def info(self) -> "ModelInfo | None":
        """What is known of the model that answers."""
        return self.app.catalogue.find(self.chat.model, self.route.endpoint)

    def use_model(self, route: "Route | None" = None) -> None:
        """Have the model of `route` answer from the next turn on, with all that was said before.

        None: the one that answers already, with what has become known of it.
        """
        if route is not None and route != self.route:
            self.chat.engine = self.app.guard.engine(self.app.engine_for(route))
            self.route = route
        model = self.route.model or ""
        info = self.app.catalogue.find(model, self.route.endpoint)
        if info is None:
            self.chat.use_model(model)
        else:
            self.chat.use_model(
                model,
                window=prompt_limit(info),
                images=image_limit(info),
                efforts=info.reasoning,
            )
        self.chat.tools = _tools(self.app, self.route, self.manner)

    def use_role(self, role: "Role | None") -> None:
        """Answer as `role` says from the next turn on, with its model if it names one."""
        self.manner = self.manner._replace(role=role)
        self.chat.system = self.manner.instructions
        self.chat.effort = self.app.effort(role)
        self.chat.temperature = role.temperature if role else None
        if role and role.model:
            self.use_model(self.app.catalogue.resolve(role.model, ask=self.app.streams.person))

    def use_tools(self, tools: "Toolbox | None") -> None:
        """Have the model ask for `tools` from the next turn on."""
        self.manner = self.manner._replace(tools=tools)
        self.chat.tools = _tools(self.app, self.route, self.manner)

    @property
    def toolless(self) -> bool:
        """Whether tools are wanted, and the model takes none."""
        return self.manner.tools is not None and self.chat.tools is None

    def instruct(self, system: str | None) -> None:
        """Put `system`, the person's own instructions, before the conversation from now on."""
        self.manner = self.manner._replace(system=system)
        self.chat.system = self.manner.instructions

    def _stored(self, session: "Session") -> "Route | None":
        """Return who answered a stored conversation last; None where another is wanted, or must."""
        from copilot_cli.routing import Route

        settings, engine = self.app.settings, session.engine or "direct"
        named = settings.said_now("engine")
        if session.model is None or (named and engine != self.app.route.engine):
            return None
        if engine != "byok" and not (session.account or "").startswith("byok:"):
            return Route(engine, None, session.model)
        endpoint = self._endpoint(session)
        return Route(engine, endpoint, session.model) if endpoint else None

    def _endpoint(self, session: "Session") -> str | None:
        """Return which endpoint answered: the one it is kept under, or one that lists the model."""
        names = self.app.endpoints.names()
        under = (session.account or "").removeprefix("byok:")
        if under in names:
            return under
        find = self.app.catalogue.find
        lists = (name for name in names if find(session.model or "", name) is not None)
        return next(lists, names[0] if len(names) == 1 else None)

    def _change(self, session: "Session | None") -> None:
        effort = self.chat.effort
        self.chat, self.recorder = self._opened(session)
        self.chat.effort = effort

    def _opened(self, session: "Session | None") -> "tuple[Chat, SessionRecorder]":
        recorder = self.app.recorder(session.id if session else None, self.sessions)
        if recorder.session is None:  # nothing can be kept, and that was said: as a private one
            self.sessions = self.app.private_sessions
            recorder = self.app.recorder(None, self.sessions)
        history = recorder.conversation()
        chat = open_chat(self.app, self.route, self.manner, recorder=recorder, history=history)
        return chat, recorder

    def _moved(self, turn: "Turn | None") -> "Turn | None":
        if turn is not None:
            self.recorder.follow()
            self.chat.load(self.recorder.conversation())
        return turn


def asked_to_go_on(turn: "Turn") -> bool:
    """Say whether `turn` is no question of the person's, but `/continue`."""
    return turn.role == "user" and turn.text == CONTINUE


def stored_session(app: "App", reference: str | None) -> "Session":
    """Return the session that `reference` names, the account's latest where it is None.

    Raises `UsageError` where there is none.
    """
    if reference is not None:
        return app.sessions.find(reference)
    latest = app.sessions.latest(*app.holder)
    if latest is None:
        raise UsageError("there is no conversation to go on with")
    return latest
