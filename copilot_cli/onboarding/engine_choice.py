"""Which of the two ways to Copilot: what each costs and risks, and its runtime installed on a yes.

It is asked once, of a person who has not said it: the settings remember. Where GitHub's own way
cannot be had, that is said, and nothing is asked.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from copilot_cli.errors import CopilotChatError, Interrupted, SettingsError
from copilot_cli.runtime import platforms
from copilot_cli.runtime.offering import NO_SDK, SIZE, have_ready

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers

OFFICIAL = "official"
WAYS = (
    "There are two ways to Copilot, and docs/risk.md has the whole of both:\n"
    "  direct: as an editor does it; quick and small. GitHub offers those endpoints to its own"
    " clients only, and has warned accounts over heavy automated use.\n"
    f"  official: through GitHub's own runtime, its sanctioned way; {SIZE}, 130 MB of memory,"
    " 0.2 s to start. The sign-in and the model list are an editor's there, too.\n"
    "Your account, your decision; `--engine` and `/engine` change it later."
)


class EngineChoice:
    """Chooses between the engines that Copilot answers with."""

    def __init__(self, app: "App", answers: "Answers") -> None:
        self._app = app
        self._answers = answers

    @property
    def open(self) -> bool:
        """Whether there is something to choose, and somebody who has not done it yet."""
        app = self._app
        undecided = app.settings.source("engine") == "default" and not self._answers.yes
        return undecided and app.streams.person and obstacle() is None

    def run(self) -> None:
        """Settle the engine for the rest of this run, with all that it needs.

        Raises a `CopilotChatError` where a flag or a setting wants what cannot be had.
        """
        app = self._app
        if not self.open:
            if app.settings.engine == OFFICIAL:
                have_ready(app, yes=True if self._answers.yes else None)
            return
        while (engine := self._asked()) == OFFICIAL:
            try:
                have_ready(app, yes=True)
                break
            except Interrupted:
                raise
            except CopilotChatError as error:
                hint = f"\nhint: {error.hint}" if error.hint else ""
                app.prompts.note(f"It could not be installed: {error.message}{hint}\n")
        app.set_options(engine=engine)

    def _asked(self) -> str:
        from copilot_cli.ui.prompts import Option

        options = [
            Option("direct", "direct", "as an editor does it: quick and small"),
            Option(OFFICIAL, OFFICIAL, f"GitHub's own runtime: {SIZE}"),
        ]
        return self._app.prompts.choose("Which engine?", options, "direct", flag="--engine")


def obstacle() -> str | None:
    """Return why the engine official cannot be had here, with the way to it; None if it can."""
    try:
        platforms.here()
    except SettingsError as error:
        return error.message
    return None if find_spec("copilot") else f"it needs GitHub's SDK: {NO_SDK}"
