"""`copilot-chat engine`: the official runtime that `--engine official` starts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.runtime.installing import Installed
    from copilot_cli.runtime.listing import Entry, Report, State
    from copilot_cli.runtime.packages import Wanted

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_NO_SDK = "the SDK that speaks to it is not installed: pip install 'copilot-chat[official]'"
_JSON = typer.Option(False, "--json", help="Print a JSON object.")


@app.callback()
def engine() -> None:
    """Install, show or remove GitHub's official runtime."""


@app.command()
def status(ctx: typer.Context, as_json: bool = _JSON) -> None:
    """Show each runtime that is there, started once, and the one that would be used.

    Exit code 2 if none can be used.
    """
    from copilot_cli.runtime.listing import report

    application: App = ctx.obj
    found = report(application)
    if as_json:
        application.streams.json(_record(found))
    else:
        _show(application, found)
    if found.problem is not None:
        raise typer.Exit(found.problem.exit_code)


@app.command()
def install(
    ctx: typer.Context,
    version: str | None = typer.Argument(
        None, metavar="[VERSION]", help="A version x.y.z; the one that fits, if it is left out."
    ),
    file: Path | None = typer.Option(
        None, "--file", metavar="PATH", help="Take the package from this file."
    ),
    url: str | None = typer.Option(
        None, "--url", metavar="URL", help="Fetch the package from this address."
    ),
    sha512: str | None = typer.Option(
        None, "--sha512", metavar="HASH", help="What the SHA-512 of the package has to be."
    ),
    force: bool = typer.Option(False, "--force", help="Install it anew, even if it is there."),
    as_json: bool = _JSON,
) -> None:
    """Fetch the official runtime from the registry your npm uses (130 MB), and try it.

    The package is held to a hash that is part of this program; a package without one is used only
    if you give its hash, or say yes to it.
    """
    from copilot_cli.runtime import versions
    from copilot_cli.runtime.hashes import normal
    from copilot_cli.runtime.packages import Wanted, checked_url

    application: App = ctx.obj
    if file is not None and url is not None:
        raise UsageError("--file and --url exclude each other", hint="say one of them")
    wanted = Wanted(
        versions.checked(version, "VERSION")
        if version is not None
        else versions.wanted(application.effects.environ),
        file,
        checked_url(url, "--url") if url is not None else None,
        normal(sha512, "--sha512") if sha512 is not None else None,
        force,
    )
    _install(application, wanted, as_json=as_json)


def _install(application: "App", wanted: "Wanted", *, as_json: bool) -> None:
    from copilot_cli.runtime.installing import fetch
    from copilot_cli.runtime.listing import sdk_version
    from copilot_cli.runtime.versions import remark

    streams = application.streams
    done = fetch(application, wanted)
    if note := remark(wanted.version):
        streams.notice(note)
    if sdk_version() is None:
        streams.notice(_NO_SDK)
    if as_json:
        streams.json(
            {
                "version": done.runtime.version,
                "path": str(done.runtime.path),
                "protocol": done.answer.protocol,
                "fresh": done.fresh,
                "from": done.where or None,
            }
        )
    elif done.fresh:
        streams.notice(
            f"installed {done.runtime.path}; it answers. {_who_uses_it(application, done)}"
        )
    else:
        streams.notice(f"{done.runtime.path} is installed already, and answers")


def _who_uses_it(application: "App", done: "Installed") -> str:
    """Return whether `--engine official` starts what was installed, or what has it do so."""
    from copilot_cli.runtime.installed import PATH_VARIABLE
    from copilot_cli.runtime.versions import VARIABLE, wanted

    environ, version = application.effects.environ, done.runtime.version
    needed = [f"unset {PATH_VARIABLE}"] if environ.get(PATH_VARIABLE, "").strip() else []
    if version != wanted(environ):
        needed.append(f"set {VARIABLE}={version}")
    if not needed:
        return "`--engine official` uses it"
    return f"For `--engine official` to use it, {' and '.join(needed)}"


@app.command()
def remove(
    ctx: typer.Context,
    version: str | None = typer.Argument(None, metavar="[VERSION]", help="The version to remove."),
    everything: bool = typer.Option(False, "--all", help="Every version, and what was begun."),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask."),
    as_json: bool = _JSON,
) -> None:
    """Remove a runtime, or all of them. What runs goes on until it ends."""
    from copilot_cli.runtime import removing
    from copilot_cli.runtime.listing import entries

    application: App = ctx.obj
    streams, cache = application.streams, application.settings.paths.cache_dir
    found = _meant(entries(cache), version, everything=everything)
    if not yes and found:
        names = ", ".join(entry.folder.name for entry in found)
        asked = f"Remove {names} ({_size(sum(entry.size for entry in found))})?"
        if not application.prompts.confirm(asked, default=False, flag="--yes"):
            raise UsageError("nothing was removed")
    gone = list(removing.remove(cache, found, streams.notice)) if found else []
    freed = sum(entry.size for entry in gone)
    if everything:
        freed += removing.clear(cache, streams.notice)
    if as_json:
        streams.json({"removed": [str(entry.folder) for entry in gone], "freed": freed})
    else:
        streams.notice(f"removed {', '.join(it.folder.name for it in gone)}" if gone else "nothing")
        streams.notice(f"{_size(freed)} are free again")


def _meant(found: "list[Entry]", version: str | None, *, everything: bool) -> "list[Entry]":
    """Return the runtimes that are to go. Raises `UsageError` where that is not clear."""
    from copilot_cli.runtime.versions import checked

    if everything and version is not None:
        raise UsageError("--all and a version exclude each other", hint="say one of them")
    if everything:
        return found
    names = ", ".join(dict.fromkeys(entry.version for entry in found))
    if version is None:
        if len(found) == 1:
            return found
        raise UsageError(
            "several are installed" if found else "no runtime is installed",
            hint=f"name one of {names}, or --all" if found else None,
        )
    wanted = checked(version, "VERSION")
    meant = [entry for entry in found if entry.version == wanted]
    if not meant:
        hint = f"installed: {names}" if names else None
        raise UsageError(f"no runtime {wanted} is installed", hint=hint)
    return meant


# -- showing -----------------------------------------------------------------------------------


def _record(found: "Report") -> dict[str, Any]:
    from copilot_cli.runtime import versions

    return {
        "platform": found.platform,
        "wanted": found.wanted,
        "protocol": versions.PROTOCOL,
        "sdk": found.sdk,
        "sdk_wanted": versions.SDK,
        "problem": None if found.problem is None else found.problem.message,
        "runtimes": [_row(state) for state in found.states],
    }


def _row(state: "State") -> dict[str, Any]:
    return {
        "version": state.version,
        "platform": state.platform,
        "path": str(state.path),
        "size": state.size,
        "source": state.source,
        "chosen": state.chosen,
        "protocol": state.protocol,
        "problem": state.problem,
    }


def _show(application: "App", found: "Report") -> None:
    from copilot_cli.runtime import versions

    streams = application.streams
    heads = ("version", "platform", "size", "protocol", "state", "path")
    streams.table(
        heads,
        [
            (
                f"{state.version or '?'}{' *' if state.chosen else ''}",
                state.platform,
                _size(state.size),
                state.protocol or "",
                state.problem or "answers",
                state.path,
            )
            for state in found.states
        ],
    )
    if found.sdk is None:
        streams.notice(_NO_SDK)
    elif found.sdk != versions.SDK:
        streams.notice(f"the SDK is {found.sdk}; this program is made for {versions.SDK}")
    if found.problem is not None:
        streams.error(found.problem.message, found.problem.hint)
    elif note := versions.remark(found.wanted):
        streams.notice(note)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
