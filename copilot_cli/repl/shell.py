"""`/shell` and `!command`: a command of the person's, or a shell, each only after a yes.

Rule: what is started gets none of our variables and no token of ours; what it printed is shown as
text, and goes to the model only after another yes.
"""

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from copilot_cli.attachments.attachment import size
from copilot_cli.environment import clean_environ
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.ui.safe import safe

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl

_KEPT = 256 * 1024  # bytes of output that are kept for the model


def shell(repl: "Repl", command: str) -> None:
    """Run a command, or open a shell."""
    if not repl.app.streams.person:
        raise UsageError("nobody is there to agree to a command")
    if command:
        _run(repl, command)
    else:
        _open(repl)


def _open(repl: "Repl") -> None:
    words = _shell(repl.app.effects.environ)
    if not repl.confirm(f"Open {words[0]} here? `exit` comes back."):
        repl.saying.note("not opened")
        return
    try:
        subprocess.run(words, env=clean_environ(repl.app.effects.environ), check=False)
    except OSError as error:
        raise CopilotChatError(f"{words[0]} cannot be started: {error.strerror}") from error
    repl.saying.note("back in the chat")


def _run(repl: "Repl", command: str) -> None:
    if not repl.confirm(f"Run `{command}` here?"):
        repl.saying.note("not run, and nothing was sent")
        return
    code, output = _outcome(repl, command)
    if code:
        repl.saying.note(f"exit code {code}")
    if not output.strip():
        repl.saying.note("it printed nothing")
        return
    if repl.confirm(
        f"Send its output ({size(len(output.encode()))}) along with your next question?"
    ):
        from copilot_cli.attachments.gathering import Gathering
        from copilot_cli.repl.attachments import AGREEING

        repl.attachments.add(
            Gathering(repl.app, hint=AGREEING).text(f"output of {command}", output)
        )
        repl.saying.note("it goes along; /detach takes it back")


def _outcome(repl: "Repl", command: str) -> tuple[int, str]:
    """Run `command`, show what it prints as it comes, and return its exit code and that."""
    words = [*_shell(repl.app.effects.environ), _flag(), command]
    kept = bytearray()
    try:
        process = subprocess.Popen(
            words,
            env=clean_environ(repl.app.effects.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise CopilotChatError(f"{words[0]} cannot be started: {error.strerror}") from error
    with process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                repl.app.streams.say(safe(line.decode("utf-8", "replace")))
                kept += line[: max(0, _KEPT - len(kept))]
        except KeyboardInterrupt:
            # The terminal has told the command, too; one that does not heed it is ended.
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()
            repl.saying.note("stopped")
    text = kept.decode("utf-8", "replace")
    if text and not text.endswith("\n"):
        repl.app.streams.say("\n")
    return process.returncode, text


def _shell(environ: Mapping[str, str]) -> list[str]:
    if os.name == "nt":
        return [environ.get("COMSPEC", "cmd.exe")]
    return [environ.get("SHELL") or "sh"]


def _flag() -> str:
    return "/c" if os.name == "nt" else "-c"
