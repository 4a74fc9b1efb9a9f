"""`copilot-chat simulator`: the stand-in of GitHub and Copilot, served on loopback."""

import threading
from contextlib import suppress

import typer

from copilot_cli.errors import UsageError
from copilot_cli.signals import Terminated

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_PLANS = ("free", "individual", "business", "enterprise")


@app.command()
def simulator(
    ctx: typer.Context,
    as_json: bool = typer.Option(
        False, "--json", help="Print one line of JSON first: url, proxy, ca, env."
    ),
    port: int = typer.Option(0, metavar="N", min=0, max=65535, help="The port; 0 is a free one."),
    tls: bool = typer.Option(False, "--tls", help="Serve https instead of http."),
    approve: bool = typer.Option(
        False, "--approve", help="Approve each sign-in by itself at its first poll."
    ),
    plan: str = typer.Option(
        "individual", metavar="PLAN", help="The account's plan: free, individual, business, …"
    ),
) -> None:
    """Serve a stand-in of GitHub and Copilot on this machine, until Ctrl-C or SIGTERM.

    It listens on 127.0.0.1 only. Point any client at it with the variables it prints.
    """
    from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

    if plan not in _PLANS:
        raise UsageError(f"--plan: there is no {plan!r}", hint=f"one of {', '.join(_PLANS)}")
    streams = ctx.obj.streams
    scenario = Scenario(plan=plan, auto_approve="at_once" if approve else None)
    try:
        server = SimulatorServer(Simulator(scenario=scenario), tls=tls, port=port).start()
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}") from error
    # Ctrl-C and SIGTERM are how a server ends, and no failure: also while it says where it is.
    with server, suppress(KeyboardInterrupt, Terminated):
        if as_json:
            from copilot_cli.ui.console import json_bytes

            facts = {"url": server.url, "proxy": server.proxy, "ca": server.ca, "env": server.env}
            streams.out_bytes(json_bytes(facts, indent=None))
        else:
            lines = [f"export {name}={value}" for name, value in server.env.items()]
            streams.out_bytes("".join(f"{line}\n" for line in lines).encode())
            streams.notice(f"serving on {server.url}; the sign-in page: {server.url}/login/device")
        _wait()


def _wait() -> None:
    """Wait for a signal."""
    forever = threading.Event()
    while not forever.wait(3600):
        pass
