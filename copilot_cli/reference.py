"""The reference pages, made from the tables and the command tree that the program itself reads.

Rule: pure functions from those to Markdown; a test compares them with the pages under `docs/`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.endpoint_variables import (
    API_VERSION,
    BEARER,
    HEADERS,
    KEY,
    MODEL_VARIABLES,
    TYPE,
    WIRE,
)
from copilot_cli.environment import EXTRA_HEADERS_VARIABLE, PROVIDER_VARIABLES
from copilot_cli.runtime.installed import PATH_VARIABLE, URL_VARIABLE
from copilot_cli.runtime.versions import VARIABLE as VERSION_VARIABLE
from copilot_cli.settings import LATE_TOKEN_VARIABLES, SETTINGS, TOKEN_VARIABLES, Setting

if TYPE_CHECKING:
    import typer

_WIDTH = 78  # of the help texts: what a terminal of 80 columns gets


class Variable(NamedTuple):
    """Variables that are no setting: in order of precedence, the first that is not blank counts."""

    names: tuple[str, ...]
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable(
        ("COPILOT_CHAT_HOME",),
        "One folder for settings, secrets, cache and conversations, in place of the platform's"
        " own folders; `--home` wins over it.",
    ),
    Variable(
        TOKEN_VARIABLES,
        "A GitHub token for this run. It wins over the stored one, and `status` says so. A token"
        " that cannot be sent is an error (exit 2); the next variable is not tried.",
    ),
    Variable(
        LATE_TOKEN_VARIABLES,
        "A GitHub token that is used only where nothing is stored for the host.",
    ),
    Variable(
        ("COPILOT_CHAT_PASSPHRASE",),
        "Opens the passphrase store without a terminal.",
    ),
    Variable(("COPILOT_CHAT_NO_KEYRING",), "Never ask the system's keyring."),
    Variable(
        (EXTRA_HEADERS_VARIABLE,),
        "`Name:value,Name:value`: added to the identity headers, or replacing them whatever the"
        " case. `Authorization`, `Host` and `Content-Length` cannot be set.",
    ),
    Variable(
        PROVIDER_VARIABLES,
        "The address of an [endpoint of your own](byok.md): it answers with `--engine byok`, or"
        " where nobody is signed in. The first one wins, since the key has its prefix.",
    ),
    Variable(
        (TYPE,), "What that endpoint speaks: openai, azure or anthropic; unset: by its host's name."
    ),
    Variable((KEY,), "Its key. A token of GitHub or Copilot is refused."),
    Variable((BEARER,), "A token to send in the key's place, as `Authorization: Bearer`."),
    Variable((WIRE,), "completions or responses; of Anthropic's no matter."),
    Variable((API_VERSION,), "Azure's API version; unset: the one without versions."),
    Variable((HEADERS,), "`Name:value,Name:value`: headers that go along to that endpoint."),
    Variable(
        MODEL_VARIABLES,
        "Its model; `-m` and the variables of the setting `model` win.",
    ),
    Variable(
        (VERSION_VARIABLE,),
        "The version x.y.z of the official runtime to install and to use; unset: the one that this"
        " program is made for.",
    ),
    Variable((URL_VARIABLE,), "Where `engine install` fetches the runtime's package from."),
    Variable(
        (PATH_VARIABLE,),
        "A runtime, or for the engine `cli` a command `copilot`, that is there already.",
    ),
    Variable(
        ("npm_config_registry",),
        "Where npm packages come from; the registries of `.npmrc` files count as for npm.",
    ),
    Variable(("COPILOT_OFFLINE",), "No request but to this machine."),
    Variable(
        ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"),
        "The proxy for requests, see docs/networks.md; lower case counts too.",
    ),
    Variable(("NO_PROXY",), "Hosts that are reached without the proxy."),
    Variable(
        ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        "Certificates that replace the system's trust store; a file that is missing is an error.",
    ),
    Variable(("TERM",), "`dumb`: no colour, no redrawing, questions as numbered lists."),
    Variable(
        ("COLORFGBG",), 'What some terminals say of their background; `theme = "auto"` goes by it.'
    ),
    Variable(("COLUMNS",), "The width of the terminal, where it cannot be asked."),
    Variable(("VISUAL", "EDITOR"), "The editor that `config edit` opens."),
)

_ENVIRONMENT = """\
# Settings and environment

Order of precedence: option, environment, the [folder's](folders.md) `.copilot-chat.toml` where you
agreed to it, `config.toml`, default. A blank variable is an unset one.
`copilot-chat config list` shows each value and where it comes from, `copilot-chat config path`
where `config.toml` lies.

## Settings

Where several variables are named, the first that is set counts.

{settings}

## Variables that are no setting

{variables}
"""


def environment_markdown() -> str:
    """Return the page `docs/environment.md`."""
    return _ENVIRONMENT.format(
        settings=_table(
            ("key", "values", "default", "variables", "meaning"),
            (
                (
                    f"`{setting.name}`",
                    setting.kind.name,
                    _default(setting),
                    _names(setting.variables),
                    setting.meaning,
                )
                for setting in SETTINGS
            ),
        ),
        variables=_table(
            ("variable", "meaning"),
            ((_names(variable.names), variable.meaning) for variable in VARIABLES),
        ),
    )


def _default(setting: Setting) -> str:
    value = setting.default
    if value is None or isinstance(value, tuple | Mapping):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


_CLI = """\
# Command line

What `--help` prints for each command. Global options go before the command:
`copilot-chat --host SUBDOMAIN.ghe.com ask 'a question'`.

"""


def cli_markdown(program: "typer.Typer") -> str:
    """Return the page `docs/cli.md`: the help of `program` and of every command below it."""
    import typer.main

    root = typer.main.get_command(program)
    helps = _helps(root, "copilot-chat", None)
    return _CLI + "\n".join(f"## {path}\n\n```text\n{text}\n```\n" for path, text in helps)


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of `command`, then of those below it, in their order."""
    ctx = command.context_class(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, **command.context_settings
    )
    yield ctx.command_path, command.get_help(ctx).rstrip()
    for below in getattr(command, "list_commands", lambda _: ())(ctx):
        yield from _helps(command.get_command(ctx, below), below, ctx)
