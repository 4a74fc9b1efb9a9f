"""`copilot-chat onboard`: the wizard."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from copilot_cli import kinds
from copilot_cli.errors import UsageError
from copilot_cli.onboarding.answers import METHODS, Answers

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.auth.sources import Source
    from copilot_cli.chat import Chat

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def onboard(
    ctx: typer.Context,
    method: str | None = typer.Option(
        None, metavar="HOW", help="How to sign in: device, token, env, gh, ide or byok."
    ),
    token_stdin: bool = typer.Option(
        False, "--token-stdin", help="Read the GitHub token from standard input."
    ),
    client_id: str | None = typer.Option(
        None, metavar="ID", help="The OAuth client id to sign in with."
    ),
    scope: str = typer.Option("read:user", metavar="S", help="The scope to ask for."),
    model: str | None = typer.Option(
        None, metavar="ID", help="The model to write into the settings."
    ),
    engine: str | None = typer.Option(
        None, metavar="NAME", help="The engine that answers: direct, official, byok or cli."
    ),
    endpoint: str | None = typer.Option(
        None, metavar="URL", help="The address of an endpoint of your own."
    ),
    name: str | None = typer.Option(None, metavar="NAME", help="What the endpoint is called here."),
    type_: str | None = typer.Option(
        None, "--type", metavar="TYPE", help="What it speaks: openai, azure or anthropic."
    ),
    key_stdin: bool = typer.Option(
        False, "--key-stdin", help="Read the endpoint's key from standard input."
    ),
    default: bool | None = typer.Option(
        None, "--default/--no-default", help="Let it answer where no model is named."
    ),
    store: str | None = typer.Option(
        None, metavar="WHERE", help="What keeps the key: keyring, passphrase, keyfile or none."
    ),
    key_file: Path | None = typer.Option(
        None, metavar="PATH", help="The key file; a new store is sealed with it."
    ),
    passphrase_fd: int | None = typer.Option(
        None, metavar="N", help="Read the passphrase from this file descriptor."
    ),
    no_browser: bool = typer.Option(False, "--no-browser", help="Open no page."),
    no_verify: bool = typer.Option(False, "--no-verify", help="Skip the first answer."),
    yes: bool = typer.Option(
        False, "-y", "--yes", help="Take the defaults; a token found here is never one of them."
    ),
    force: bool = typer.Option(
        False, "--force", help="Sign in anew, though the stored sign-in works."
    ),
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Name every file and keyring item; write and send nothing."
    ),
) -> None:
    """Sign in, or bring your own key; pick a model, keep the secret, and see a first answer.

    A second run checks what is there and changes nothing. Every question has a flag.
    """
    if method is not None and method not in METHODS:
        raise UsageError(f"--method: there is no {method!r}", hint=f"one of {', '.join(METHODS)}")
    if store is not None:
        try:
            kinds.STORE.check(store)
        except ValueError as error:
            raise UsageError(f"--store: {error}") from error
    application: App = ctx.obj
    application.set_options(engine=engine)
    answers = Answers(
        method=method,
        token_stdin=token_stdin,
        client_id=client_id,
        scope=scope,
        model=model,
        endpoint=endpoint,
        name=name,
        type=type_,
        key_stdin=key_stdin,
        default=default,
        store=store,
        key_file=key_file,
        passphrase_fd=passphrase_fd,
        browser=not no_browser,
        verify=not no_verify,
        yes=yes,
        force=force,
    )
    start(application, answers, dry_run=dry_run)


def start(application: "App", answers: Answers, *, dry_run: bool = False) -> None:
    """Run the wizard; what it prints on stdout is the first answer, and nothing else."""
    from copilot_cli.asking import Turn
    from copilot_cli.onboarding.wizard import Wizard
    from copilot_cli.ui.report import TextReport

    streams = application.streams

    def show(chat: "Chat", question: str) -> None:
        from copilot_cli.ui.stream import make_writer

        settings = application.settings
        report = TextReport(
            streams, lambda: make_writer(streams, settings.render, theme=settings.theme)
        )
        with Turn(report) as turn:
            turn.tell(chat, question, None)

    def found() -> "Sequence[Source]":
        return find_sources(application)

    wizard = Wizard(application, answers, show=show, found=found)
    if dry_run:
        for line in wizard.plan():
            streams.out_bytes(f"{line}\n".encode())
        return
    wizard.run()
    application.forget_settings()


def find_sources(application: "App") -> "list[Source]":
    """Return the sign-ins found on this machine: variables, `gh`, files of editors."""
    from copilot_cli.auth.sources import editor_tokens, environment_sources, gh_token

    host, environ = application.settings.host, application.effects.environ
    sources = list(environment_sources(application.settings))
    if (gh := gh_token(host, environ)) is not None:
        sources.append(gh)
    return [*sources, *editor_tokens(host, environ, home=Path.home(), platform=sys.platform)]
