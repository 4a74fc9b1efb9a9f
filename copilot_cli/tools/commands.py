"""`run_command`: a program in the working folder, as the person who agreed to it."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated

from copilot_cli.tools import processes
from copilot_cli.tools.place import Place
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import Tool, ToolError, tool

MOST_SECONDS = 600
_SECONDS = 120
_MOST_OUTPUT = 40_000  # bytes


def running_commands(
    place: Place,
    environ: Mapping[str, str],
    monotonic: Callable[[], float] = time.monotonic,
) -> Tool:
    """Return the tool that runs a command in `place`."""

    @tool(effect="run", seconds=MOST_SECONDS + 10)
    def run_command(
        command: Annotated[
            str | list[str],
            "A line for the shell, or a program and its arguments, which no shell reads.",
        ],
        running: Running,
        seconds: Annotated[int, f"When to stop it; {MOST_SECONDS} at most."] = _SECONDS,
    ) -> str:
        """Run a command in the working folder; return its exit code and what it prints.

        It has no terminal and nothing on stdin, and ends with all that it has started.
        """
        if not command or not command[0].strip():
            raise ToolError("The command is empty.")
        words = command if isinstance(command, str) else list(command)
        try:
            process = processes.start(
                words, folder=place.folder, environ=processes.quiet_environ(environ)
            )
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            raise ToolError(f"It cannot be started: {said}.") from error
        limit = min(max(1, seconds), MOST_SECONDS)
        with process:
            ended = processes.run(
                process, running, seconds=limit, most=_MOST_OUTPUT, monotonic=monotonic
            )
        return _told(ended, None if running.stop.is_set() else limit)

    return run_command


def _told(ended: processes.Ended, seconds: int | None) -> str:
    """Return what the model is told; `seconds` is None where nobody waits any more."""
    if seconds is None and (ended.code is None or ended.code < 0):
        how = "stopped"
    elif ended.code is None:
        how = f"stopped: it took longer than {seconds} s"
    elif ended.code < 0:
        how = f"ended by signal {-ended.code}"
    else:
        how = f"exit code {ended.code}"
    if ended.left and seconds is not None:
        how += "; what it had left running was stopped"
    return f"{how}\n{ended.output}".rstrip("\n")
