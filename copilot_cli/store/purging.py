"""Removing the store with all that belongs to it: files set aside or half-made, and their keys.

Rule: everything is tried; what could not be removed is named at the end.
"""

from collections.abc import Callable
from contextlib import suppress

from copilot_cli.errors import StoreError
from copilot_cli.store.opening import KeySource
from copilot_cli.store.store_file import StoreFile, slots_in


def purge(file: StoreFile, source: Callable[[str], KeySource | None]) -> list[str]:
    """Remove what `file` names, under its lock; return what was removed, in words.

    `source` gives what keeps the keys of a type. Raises StoreError for what is still there. The
    empty lock file stays: another process may be waiting for it.
    """
    if not file.folder.exists():
        return []
    removed: list[str] = []
    failed: list[str] = []
    with file.locked():
        remains = file.remains()
        for kind, kid in sorted({slot for path in remains for slot in slots_in(path)}):
            _remove_key(source(kind), kind, kid, removed, failed)
        for path in remains:
            try:
                path.unlink()
                removed.append(str(path))
            except OSError as error:
                failed.append(f"{path} ({error.strerror})")
        with suppress(OSError):  # it stays where something else is in it
            file.folder.rmdir()
    if failed:
        done = f"removed: {', '.join(removed)}" if removed else "nothing was removed"
        raise StoreError(f"could not remove {', '.join(failed)}", hint=done)
    return removed


def _remove_key(
    key: KeySource | None, kind: str, kid: str, removed: list[str], failed: list[str]
) -> None:
    if key is not None:
        try:
            removed += key.remove(kid)
        except StoreError as error:
            failed.append(f"the {kind} key store:{kid} ({error.message})")
    elif kind != "passphrase":
        failed.append(f"the {kind} key store:{kid} (the store in use is of another kind)")
