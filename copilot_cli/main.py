"""The program's door: the table of commands, the global options, and the one error boundary.

A command's module is imported when that command runs: an eager tree costs a quarter of the start-up
time. Whatever goes wrong ends in `main()`, as `error:` and `hint:` on stderr and an exit code.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
import typer.core
import typer.exceptions
import typer.main

from copilot_cli import __version__, bugs, signals
from copilot_cli.app import App
from copilot_cli.effects import Effects
from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.ui.console import unwritable
from copilot_cli.values import NamedTuple


class Row(NamedTuple):
    """One command: its name, its module in `copilot_cli.commands`, its line in `--help`."""

    name: str
    module: str
    help: str


COMMANDS = (
    Row("onboard", "onboard", "Sign in, pick a model, and see a first answer."),
    Row("repl", "repl", "Chat. The same as copilot-chat alone on a terminal."),
    Row("ask", "ask", "Get one answer, on stdout."),
    Row("suggest", "suggest", "Get one shell command, printed and never run."),
    Row("explain", "explain", "Learn what a shell command does."),
    Row("models", "models", "List the models you can use."),
    Row("status", "status", "Show who is signed in, and where the secret is kept."),
    Row("logout", "logout", "Forget a sign-in."),
    Row("accounts", "accounts", "List the accounts, or switch between them."),
    Row("usage", "usage", "Show your plan and what is left of its quota."),
    Row("sessions", "sessions", "List and show stored conversations."),
    Row("config", "config", "Read and change settings."),
    Row("keys", "keys", "Show or change what seals the secrets."),
    Row("doctor", "doctor", "Check everything this program needs, with the fix for each."),
    Row("tools", "tools", "List the tools that a model can be given."),
    Row("engine", "engine", "Install, show or remove the official runtime."),
    Row("simulator", "simulator", "Serve a stand-in of GitHub and Copilot on this machine."),
    Row("demo", "demo", "Try everything without an account or a network."),
)
_BY_NAME = {row.name: row for row in COMMANDS}
_SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
_SHELL = "copilot_cli.shell"  # where the context keeps the one that was named
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_COMPLETE = "_COPILOT_CHAT_COMPLETE"  # the variable through which a shell asks what can stand here


class LazyGroup(typer.core.TyperGroup):
    """A group that imports only the command that runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the signature is the base's
        """Return the names in the table's order."""
        return list(_BY_NAME)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import the command and return it, or None for an unknown name."""
        row = _BY_NAME.get(cmd_name)
        if row is None:
            return None
        module = import_module(f"copilot_cli.commands.{row.module}")
        command = typer.main.get_command(module.app)
        command.name = row.name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command of the first word. Raises `UsageError` with the nearest name."""
        if args and args[0] not in _BY_NAME and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _BY_NAME, n=1)
            hint = (
                f"did you mean `copilot-chat {near[0]}`?" if near else "see `copilot-chat --help`"
            )
            raise UsageError(f"there is no command {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the name of a shell after the options that may have one; then parse the rest."""
        if args[:1] in (["--install-completion"], ["--show-completion"]):
            ctx.meta[_SHELL] = args.pop(1) if len(args) > 1 and args[1] in _SHELLS else None
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return the names of commands, from the table, and of options; no command is imported."""
        from typer._click.shell_completion import CompletionItem

        rows = [row for row in COMMANDS if row.name.startswith(incomplete)]
        options = super(typer.core.TyperGroup, self).shell_complete(ctx, incomplete)
        return [*(CompletionItem(row.name, help=row.help) for row in rows), *options]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(row.name, row.help) for row in COMMANDS])


cli = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(ctx: typer.Context, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        effects: Effects = ctx.obj
        effects.streams("auto").out_bytes(f"copilot-chat {__version__}\n".encode())
        raise typer.Exit


def _completion(ctx: typer.Context, param: typer.CallbackParam, wanted: bool) -> None:
    """Show or install the shell's completion, for the shell that was named or the person's own."""
    if wanted and not ctx.resilient_parsing:
        from copilot_cli import shell_completion

        action = shell_completion.install if "install" in param.opts[0] else shell_completion.show
        action(ctx.meta.get(_SHELL), ctx.obj)
        raise typer.Exit


@cli.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    account: str | None = typer.Option(None, metavar="NAME", help="The account to use."),
    host: str | None = typer.Option(
        None, metavar="HOST", help="The GitHub host: github.com or SUBDOMAIN.ghe.com."
    ),
    home: str | None = typer.Option(
        None, metavar="DIR", help="One folder for settings, secrets, cache and conversations."
    ),
    color: str | None = typer.Option(None, metavar="WHEN", help="auto, always or never."),
    verbose: int = typer.Option(
        0, "-v", "--verbose", count=True, help="Say more on stderr; -vv shows whole messages."
    ),
    version: bool = typer.Option(
        False,
        "--version",
        is_eager=True,
        callback=_version,
        help="Show the version and exit.",
    ),
    install_completion: bool = typer.Option(
        False,
        "--install-completion",
        is_eager=True,
        callback=_completion,
        help="Let your shell, or the one named after it, complete commands.",
    ),
    show_completion: bool = typer.Option(
        False,
        "--show-completion",
        is_eager=True,
        callback=_completion,
        help="Print what --install-completion installs.",
    ),
) -> None:
    """A terminal client for GitHub Copilot chat."""
    del version, install_completion, show_completion  # their callbacks did the work
    effects: Effects = ctx.obj
    options = {"account": account, "host": host, "home": home, "color": color}
    ctx.obj = effects.app = App(options, effects)
    if verbose:
        from copilot_cli import logs

        # A setting that is wrong is told by what reads it, and not by this.
        logs.show(verbose, effects.streams("never").say)
    if ctx.invoked_subcommand is not None:
        return
    if not ctx.obj.streams.person or not ctx.obj.streams.stdout_is_terminal:
        raise UsageError(
            "no command given", hint="`copilot-chat ask PROMPT` answers, `--help` lists the others"
        )
    import_module("copilot_cli.commands.repl").start(ctx.obj)


def main(args: Sequence[str] | None = None, effects: Effects | None = None) -> int:
    """Run the program and return its exit code. `args` are those after the program's name."""
    effects = effects or Effects()
    signals.heed()
    words = list(sys.argv[1:] if args is None else args)
    try:
        if effects.environ.get(_COMPLETE):
            from copilot_cli import shell_completion

            return shell_completion.serve(typer.main.get_command(cli), effects)
        return _run(words, effects)
    except CopilotChatError as error:
        return _report(effects, error)
    except typer.exceptions.TyperException as error:
        return _complain(effects, error)
    finally:
        if effects.app is not None:
            effects.app.close()


def _run(words: list[str], effects: Effects) -> int:
    """Run the command and return its exit code, also of what is no error."""
    command = typer.main.get_command(cli)
    try:
        with command.make_context("copilot-chat", words, obj=effects) as ctx:
            code = command.invoke(ctx)
    except typer.Exit as asked:
        code = asked.exit_code
    except (KeyboardInterrupt, EOFError, typer.Abort):
        code = 130
    except signals.Terminated as asked:
        code = 128 + asked.number
    except BrokenPipeError:
        _silence_stdout()
        code = 141
    except OSError as error:
        if error.errno not in _FULL:
            raise
        # typer writes `--help` itself.
        _silence_stdout()
        raise unwritable(error) from error
    return code if isinstance(code, int) else 0


def run() -> None:
    """Run the program and leave with its exit code."""
    _replace_closed()
    bugs.confess()
    raise SystemExit(main())


def _complain(effects: Effects, error: typer.exceptions.TyperException) -> int:
    """Show what is wrong with the command line; a group without a command shows its help."""
    from typer._click.exceptions import NoArgsIsHelpError

    if isinstance(error, NoArgsIsHelpError):
        effects.streams("auto").say(f"{error}\n\n")
        return _report(effects, UsageError("no command given", hint="name one of those above"))
    return _report(effects, _usage_error(error))


def _usage_error(error: typer.exceptions.TyperException) -> UsageError:
    """Return typer's own complaint as ours: one line, with where to look."""
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "copilot-chat"
    text = _out_of_range(error) or " ".join(text.split()).rstrip(".")
    return UsageError(text[:1].lower() + text[1:], hint=f"see `{path} --help`")


def _out_of_range(error: typer.exceptions.TyperException) -> str | None:
    """Return what a number has to be, as settings are told of it; None for another complaint."""
    option = getattr(error, "param", None)
    kind = getattr(option, "type", None)
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    if option is None or low is None:
        return None
    number = "a number" if "float" in getattr(kind, "name", "") else "a whole number"
    span = f"from {low:g} to {high:g}" if high is not None else f"of at least {low:g}"
    return f"{option.opts[-1]}: must be {number} {span}"


def _report(effects: Effects, error: CopilotChatError) -> int:
    """Show `error` on stderr and return its exit code."""
    try:
        streams = effects.app.streams if effects.app is not None else effects.streams("auto")
    except CopilotChatError:
        # The settings themselves are what is wrong.
        streams = effects.streams("auto")
    streams.error(error.message, error.hint)
    return error.exit_code


def _replace_closed() -> None:
    """Put something in the place of what was closed from the start, where Python has None.

    Whoever writes to a closed stdout (`>&-`) then learns that nobody reads it, by a pipe without a
    reader; what is said on a closed stderr is lost.
    """
    if sys.stdout is None:
        reader, writer = os.pipe()
        os.close(reader)
        sys.stdout = os.fdopen(writer, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _silence_stdout() -> None:
    """Keep Python from complaining about the closed pipe once more when it exits."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)
