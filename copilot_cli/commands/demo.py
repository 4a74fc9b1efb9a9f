"""`copilot-chat demo`: the whole way against the bundled simulator, in a throw-away home."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from copilot_cli.effects import Effects
    from copilot_cli.simulator import Simulator, SimulatorServer

app = typer.Typer(add_completion=False, rich_markup_mode=None)

QUESTION = "How do I ask a question from a script?"

BEFORE = (
    "This is a demo: your own machine plays GitHub and Copilot. No account, no network, and "
    "nothing is kept. When the code appears, press Enter.\n"
)
AFTER = "\nThat was the demo; nothing of it was kept. For real: copilot-chat onboard"

_REAL = ("COPILOT", "GITHUB_", "GH_", "SSL_CERT_", "REQUESTS_CA_BUNDLE")
_REAL_ENDS = ("_PROXY",)


@app.command()
def demo(ctx: typer.Context) -> int:
    """Try everything: sign in, chat, leave. No account, no network, nothing kept.

    Without a terminal: one sample question, its answer on stdout.
    """
    from copilot_cli.app import App
    from copilot_cli.commands import onboard, repl
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

    outer: App = ctx.obj
    # Not `outer.streams`: settings of the real world, right or wrong, are nothing to the demo.
    streams = outer.effects.streams(outer.option("color") or "auto")
    person = streams.person
    # Polled each second, not each five: who has pressed the key waits for the next poll.
    scenario = Scenario(auto_approve=None if person else "at_once", interval=1)
    simulator = Simulator(scenario=scenario)
    with SimulatorServer(simulator) as server, tempfile.TemporaryDirectory() as home:
        options = {"color": outer.option("color"), "engine": "direct"}
        application = App(options, _effects(outer.effects, simulator, server, home))
        answers = Answers(
            method="device", store="keyfile", yes=not person, sample=QUESTION, then_chat=person
        )
        try:
            if person:
                application.prompts.note(BEFORE)
            onboard.start(application, answers)
            code = repl.start(application) if person else 0
        finally:
            application.close()
    streams.say(f"{AFTER}\n")
    return code


def _effects(
    outer: "Effects", simulator: "Simulator", server: "SimulatorServer", home: str
) -> "Effects":
    from copilot_cli.effects import Effects
    from copilot_cli.ui.browser import opener

    kept = {
        name: value
        for name, value in outer.environ.items()
        if not (name.upper().startswith(_REAL) or name.upper().endswith(_REAL_ENDS))
    }
    environ = {
        **kept,
        **server.env,
        "COPILOT_CHAT_HOME": home,
        "COPILOT_CHAT_NO_KEYRING": "1",
    }
    return Effects(
        environ=environ,
        stdin=outer.stdin,
        stdout=outer.stdout,
        stderr=outer.stderr,
        cwd=lambda: Path(home),  # what the real folder would bring is nothing to the demo
        open_browser=_approver(simulator, opener(outer.environ)),
    )


def _approver(
    simulator: "Simulator", browser: Callable[[str], bool] | None
) -> Callable[[str], bool]:
    """Return what the key at the sign-in screen does: open the page, or else approve."""

    def approve(address: str) -> bool:
        if browser is not None and browser(address):
            return True
        for code in simulator.pending():
            simulator.approve(code)
        return True

    return approve
