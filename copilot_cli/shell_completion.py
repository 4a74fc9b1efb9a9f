"""Completion in the person's shell: the script that asks for it, and the answers.

The scripts and what they pass on are Typer's (variables in the environment); how a command line is
resolved is Typer's too. Ours are the values, which are read from files that are there, and what is
written: a shell evaluates that, so words and explanations are cut down to what no shell obeys. It
runs while somebody types: whatever goes wrong, nothing is offered and nothing is said.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from typer._click.core import Command, Context, Parameter
from typer._click.shell_completion import (
    _resolve_context,
    _resolve_incomplete,
    get_completion_class,
)
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script
from typer._completion_shared import install as typer_install

from copilot_cli import completion_values as values
from copilot_cli.app import App
from copilot_cli.completion_values import Candidate, Find
from copilot_cli.effects import Effects
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.roles import shell_name
from copilot_cli.tools.built_in import NAMES
from copilot_cli.ui.safe import safe_line

PROGRAM = "copilot-chat"
VARIABLE = "_COPILOT_CHAT_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")

_WORD = re.compile(r"-{0,2}[\w@][\w@./+-]*")
_UNFIT = re.compile(r"[^\w,./+@%=-]+")  # in an explanation, for zsh evaluates it twice
_LONGEST = 60

_OPTIONS: Mapping[str, Find] = {
    "--model": values.models,
    "--effort": values.efforts,
    "--role": values.roles,
    "--session": values.sessions,
    "--account": values.accounts,
    "--engine": values.BY_SETTING["engine"],
    "--method": values.words("device", "token", "env", "gh", "ide", "byok"),
    "--store": values.words("keyring", "passphrase", "keyfile", "none"),
    "--to": values.words("keyring", "passphrase", "keyfile"),
    "--detail": values.words("low", "high", "auto"),
    "--format": values.words("md", "json", "html"),
    "--tool": values.words(*NAMES),
    "--allow": values.words(*NAMES),
}
_ARGUMENTS: Mapping[tuple[str | None, str | None], Find] = {
    ("config", "key"): values.keys,
    ("models", "model"): values.wanting_consent,
    ("accounts", "name"): values.accounts,
}


def serve(command: Command, effects: Effects) -> int:
    """Answer the shell that asks through `VARIABLE`; return the exit code it expects."""
    action, _, shell = effects.environ[VARIABLE].partition("_")
    if action != "complete" or shell not in SHELLS:
        return 1
    try:
        found = list(_candidates(command, shell, effects))
    except Exception:  # noqa: BLE001 - whatever it is would be written into the line being typed
        found = []
    if effects.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1  # fish asks first whether it should offer files
    written = _written(shell, found)
    if written:
        effects.streams("never").out_bytes(f"{written}\n".encode())
    return 0


def show(shell: str | None, effects: Effects) -> None:
    """Print the script that makes `shell`, or the person's own shell, complete."""
    script = _script(shell or _own(effects))
    effects.streams("never").out_bytes(f"{script}\n".encode())


def install(shell: str | None, effects: Effects) -> None:
    """Put the script where `shell`, or the person's own shell, reads it when it starts.

    Raises `CopilotChatError` where that cannot be written.
    """
    shell = shell or _own(effects)
    try:
        if shell in {"powershell", "pwsh"}:
            path = _add_to_profile(shell)
        else:
            _, path = typer_install(shell, PROGRAM, VARIABLE)
    except OSError as error:
        raise CopilotChatError(
            f"completion for {shell} cannot be installed: {error.strerror or error}",
            hint=f"put what `copilot-chat --show-completion {shell}` prints where {shell} reads it",
        ) from error
    effects.streams("auto").notice(f"completion for {shell} is in {path}, for every new shell")


def _own(effects: Effects) -> str:
    name = shell_name(effects.environ).lower()
    if name == "powershell" and sys.platform != "win32":
        name = "pwsh"
    if name not in SHELLS:
        raise UsageError(
            f"there is no completion for {name}",
            hint=f"name one of {', '.join(SHELLS)} after the option",
        )
    return name


def _script(shell: str) -> str:
    return get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell)


def _add_to_profile(shell: str) -> Path:
    """Add the script to PowerShell's profile, once, and leave its execution policy alone."""
    command = [shell, "-NoProfile", "-NonInteractive", "-Command", "$PROFILE"]
    asked = subprocess.run(command, capture_output=True, check=False)
    path = Path(asked.stdout.decode("utf-8", "replace").strip())
    if asked.returncode != 0 or not path.is_absolute():
        raise OSError(0, f"{shell} does not tell where its profile is")
    text = path.read_text("utf-8-sig") if path.exists() else ""
    if VARIABLE not in text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text.rstrip()}\n\n{_script(shell)}\n".lstrip(), "utf-8")
    return path


def _candidates(command: Command, shell: str, effects: Effects) -> Iterator[Candidate]:
    """Yield what can stand where the cursor is."""
    completion_init()
    reader = get_completion_class(shell)
    assert reader is not None
    args, word = reader(command, {}, PROGRAM, VARIABLE).get_completion_args()
    if shell == "bash":  # where `--model=x` is three words
        args = [arg for arg in args if arg != "="]
    ctx = _resolve_context(command, {"obj": effects}, PROGRAM, list(args))
    subject, begun = _resolve_incomplete(ctx, list(args), word)
    option = word[: len(word) - len(begun)] if shell != "bash" else ""
    for value, help_ in _found(ctx, subject, begun, effects):
        if value.startswith(begun) and _WORD.fullmatch(value):
            yield Candidate(option + value, _UNFIT.sub(" ", safe_line(help_, _LONGEST)).strip())


def _found(
    ctx: Context, subject: Command | Parameter, begun: str, effects: Effects
) -> Iterable[Candidate]:
    if not isinstance(subject, Parameter):  # names of commands and options
        items = subject.shell_complete(ctx, begun)
        return [Candidate(str(item.value), item.help or "") for item in items]
    find = _finder(ctx, subject)
    if find is None:
        return ()
    given = ctx.find_root().params
    return find(App({name: given.get(name) for name in ("account", "host", "home")}, effects))


def _finder(ctx: Context, param: Parameter) -> Find | None:
    """Return what finds the values of an option or argument; None where the shell knows better."""
    for name in param.opts:
        if name in _OPTIONS:
            return _OPTIONS[name]
        if name.startswith("--") and (find := values.values_of(name[2:].replace("-", "_"))):
            return find
    group = ctx.parent.info_name if ctx.parent else None
    if group == "sessions" and "ID" in (param.metavar or ""):
        return values.sessions
    if group == "config" and param.name == "value":
        return values.values_of(ctx.params.get("key") or "")
    return _ARGUMENTS.get((group, param.name))


def _written(shell: str, found: Iterable[Candidate]) -> str:
    """Return the candidates as the shell's script takes them."""
    if shell == "zsh":
        pairs = [f'"{value}":"{help_}"' if help_ else f'"{value}"' for value, help_ in found]
        return f"_arguments '*: :(({chr(10).join(pairs)}))'" if pairs else "_files"
    if shell == "fish":
        return "\n".join(f"{value}\t{help_}" if help_ else value for value, help_ in found)
    if shell == "bash":
        return "\n".join(value for value, _ in found)
    return "\n".join(f"{value}:::{help_ or ' '}" for value, help_ in found)
