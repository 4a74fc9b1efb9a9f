"""`/engine`: who answers from the next turn on, with all that was said before."""

from typing import TYPE_CHECKING

from copilot_cli.engine_building import ENGINES
from copilot_cli.errors import UsageError
from copilot_cli.repl.choices import Choice

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.repl.loop import Repl
    from copilot_cli.routing import Route


def engine(repl: "Repl", wanted: str) -> None:
    """Change to an engine: the one that is named, or one from a menu; list them to a pipe."""
    if not wanted and not repl.app.streams.person:
        now = repl.talk.route.engine
        repl.saying.rows([(f"{'*' if name == now else ' '} {name}", it) for name, it in _rows()])
        return
    change(repl, wanted or _picked(repl))


def names(_repl: "Repl", _typed: str) -> list[Choice]:
    """Return the engines."""
    return [Choice(name, it) for name, it in _rows()]


def change(repl: "Repl", name: str) -> None:
    """Have the engine `name` answer. Raises a `CopilotChatError`, and then nothing changes.

    The model stays where the engine has it too, else it is the engine's own default.
    """
    app = repl.app
    if name not in ENGINES:
        raise UsageError(
            f"there is no engine {name[:20]!r}", hint=f"there are {', '.join(ENGINES)}"
        )
    _look_for(app, name)
    before = app.option("engine")
    app.set_options(engine=name)
    try:
        route = _route(repl, name)
        engine = app.engine_for(route)
        repl.talk.use_model(route)
    except BaseException:
        app.set_options(engine=before)
        raise
    app.engines.close(but=engine)
    at = f"{route.endpoint}/" if route.endpoint else ""
    repl.saying.note(f"engine: {name}; model: {at}{repl.chat.model}")


def _look_for(app: "App", name: str) -> None:
    """Raise `SettingsError` where the program is missing that the engine `name` runs."""
    if name == "official":
        from copilot_cli.runtime.offering import have_ready

        have_ready(app)
    elif name == "cli":
        from copilot_cli.engines.cli_command import find_program

        find_program(app.effects.environ)


def _route(repl: "Repl", name: str) -> "Route":
    """Return who answers with the engine `name`: the same model, where that engine has it."""
    from copilot_cli.routing import GITHUBS, Route

    app, now = repl.app, repl.talk.route
    if name in GITHUBS or (name == "byok") == (now.endpoint is not None):
        return now._replace(engine=name)
    if name == "byok":
        endpoint = app.route.endpoint or app.endpoints.default()
        return app.catalogue.choose_for(Route(name, endpoint))
    return app.catalogue.choose_for(Route(name))


def _picked(repl: "Repl") -> str:
    from copilot_cli.ui.prompts import Option

    options = [Option(name, name, it) for name, it in _rows()]
    now = repl.talk.route.engine
    return repl.app.prompts.choose("Which engine?", options, now, flag="/engine NAME")


def _rows() -> list[tuple[str, str]]:
    return list(ENGINES.items())
