"""`copilot-chat keys`: what seals the secrets, and changing that."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from copilot_cli import kinds
from copilot_cli.errors import UsageError

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.key_changes import NewPlace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_FD = typer.Option(None, metavar="N", help="Read the passphrase from this file descriptor.")
_UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("store", "path", "exists", "problem", "size", "mode", "kid", "gen")),
    "slots": [],
    "names": [],
}
_KEY_FILE = typer.Option(None, metavar="P", help="The key file, for a key file.")


@app.callback()
def keys() -> None:
    """Show or change what seals the secrets."""


@app.command()
def status(
    ctx: typer.Context,
    as_json: bool = typer.Option(False, "--json", help="Print a JSON object."),
) -> None:
    """Show what seals the store: its slots, file, mode and entries, and never a value."""
    application: App = ctx.obj
    facts = {"store": application.vault.kind, **application.vault.store.describe()}
    if as_json:
        application.streams.json({**_UNKNOWN, **facts})
    else:
        application.streams.table(("", ""), _rows(facts))


@app.command()
def move(
    ctx: typer.Context,
    to: str = typer.Option(..., "--to", metavar="WHERE", help="keyring, passphrase or keyfile."),
    key_file: Path | None = _KEY_FILE,
    passphrase_fd: int | None = typer.Option(
        None, metavar="N", help="Read the new passphrase from this file descriptor."
    ),
    keep: bool = typer.Option(
        False, "--keep", help="Keep the present key too, as a second way to open the store."
    ),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask about a key file."),
) -> None:
    """Have another key open the store; the secrets stay as they are.

    `--to passphrase` on a store with a passphrase changes it. The present key has to open the
    store: a locked keyring is unlocked first.
    """
    from copilot_cli.key_changes import KeyChanges

    place = _place(to, "--to", key_file, passphrase_fd, yes=yes)
    _tell(ctx.obj, KeyChanges(ctx.obj).move(place, keep=keep))


@app.command()
def rotate(ctx: typer.Context) -> None:
    """Seal everything under new keys, and forget the old ones.

    Sealed conversations are sealed anew; a copy of them elsewhere opens as before.
    """
    from copilot_cli.key_changes import KeyChanges

    _tell(ctx.obj, KeyChanges(ctx.obj).rotate())


@app.command()
def export(
    ctx: typer.Context,
    out: Path | None = typer.Option(None, "--out", metavar="F", help="The file to make."),
    stdout: bool = typer.Option(False, "--stdout", help="Write to standard output instead."),
    passphrase_fd: int | None = _FD,
) -> None:
    """Write all sign-ins and keys, sealed with a passphrase, into a new file."""
    from copilot_cli.key_exports import KeyExports, write_file

    application: App = ctx.obj
    if stdout == (out is not None):
        raise UsageError("say where the export goes", hint="--out FILE, or --stdout")
    if out is not None and os.path.lexists(out):
        raise UsageError(f"{out} is there already, and is not replaced", hint="choose another name")
    data, count = KeyExports(application).export(passphrase_fd)
    if out is None:
        application.streams.out_bytes(data)
    else:
        write_file(out, data)
    entries = "1 entry" if count == 1 else f"{count} entries"
    application.streams.notice(f"exported {entries}; whoever has the passphrase can use them")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Path = typer.Argument(..., metavar="F", help="The export, or - for standard input."),
    replace: bool = typer.Option(
        False, "--replace", help="Take the file's word for what is there already."
    ),
    keep: bool = typer.Option(False, "--keep", help="Keep what is there already."),
    store: str | None = typer.Option(
        None, metavar="WHERE", help="What seals the store, where there is none: as --to of move."
    ),
    key_file: Path | None = _KEY_FILE,
    passphrase_fd: int | None = typer.Option(
        None, metavar="N", help="Read the passphrase of the file from this file descriptor."
    ),
    yes: bool = typer.Option(False, "-y", "--yes", help="Do not ask about a key file."),
) -> None:
    """Add the sign-ins and keys of an export to those that are here.

    What is here with another value is asked about.
    """
    from copilot_cli.key_exports import KeyExports, read_file

    application: App = ctx.obj
    if replace and keep:
        raise UsageError("--replace and --keep exclude each other", hint="say one of them")
    place = _place(store, "--store", key_file, None, yes=yes) if store is not None else None
    data = _piped(application) if str(file) == "-" else read_file(file)
    travelling = KeyExports(application)
    name = "standard input" if str(file) == "-" else str(file)
    entries = travelling.read_export(data, name, passphrase_fd)
    wanted = replace if replace or keep else None
    _tell(application, travelling.merge(entries, place, replace=wanted))


def _piped(application: "App") -> bytes:
    from copilot_cli.store.sealed_json import MAX_BYTES

    piped = application.effects.piped_stdin()
    if piped is None:
        raise UsageError("standard input is a terminal", hint="name the file")
    return piped.read(MAX_BYTES + 1)


def _place(
    kind: str, option: str, key_file: Path | None, passphrase_fd: int | None, *, yes: bool
) -> "NewPlace":
    from copilot_cli.key_changes import NewPlace

    try:
        checked = str(kinds.STORE.check(kind))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error
    if checked == "none":
        raise UsageError(
            f"{option}: a key has to be kept somewhere", hint="keyring, passphrase or keyfile"
        )
    if key_file is not None and checked != "keyfile":
        raise UsageError("--key-file goes with a key file only", hint=f"{option} keyfile")
    return NewPlace(checked, key_file, passphrase_fd, yes)


def _tell(application: "App", lines: Iterable[str]) -> None:
    for line in lines:
        application.streams.notice(line)


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    from copilot_cli.key_changes import describe
    from copilot_cli.store.sealed import EntryName

    rows = [("sealed by", str(facts["store"])), ("file", str(facts["path"]))]
    if not facts["exists"]:
        rows.append(("", "no secret is stored"))
    for slot in facts.get("slots", []):
        left_over = "  (left over; `copilot-chat keys rotate` removes it)"
        rows.append(
            ("slot", f"{slot['type']} {slot['kid']}{left_over if slot['left_over'] else ''}")
        )
    rows += [("entry", describe(EntryName(*name.split("|")))) for name in facts.get("names", [])]
    rows += [(name, str(facts[name])) for name in ("mode", "size", "gen") if name in facts]
    if facts["problem"]:
        rows.append(("problem", str(facts["problem"])))
    return rows
