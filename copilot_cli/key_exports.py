"""Taking what is in the secret store to another machine: an export, and such a file read back.

Rule: an export is sealed with a passphrase of its own and replaces no file; an import adds, and
what is there already goes only by a person's word. `store.exports` has the bytes.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import UsageError, WrongKey
from copilot_cli.key_changes import KeyChanges, NewPlace, describe
from copilot_cli.new_key import GivenPassphrase, new_passphrase
from copilot_cli.secret import Secret
from copilot_cli.store import exports, files
from copilot_cli.store.sealed import EntryName
from copilot_cli.store.secrets import HISTORY, SecretStore

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.opening import KeySource

_TRIES = 3


class KeyExports:
    """Exports and imports what is in `app`'s store."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._vault = app.vault
        self._changes = KeyChanges(app)

    def export(self, passphrase_fd: int | None = None) -> tuple[bytes, int]:
        """Return everything that is stored, sealed with a passphrase, and how many entries it is.

        Raises `SecretNotFound` where nothing is stored.
        """
        store = self._changes.opened()
        count = len([name for name in store.names() if name.kind != HISTORY])
        given = GivenPassphrase(passphrase_fd)
        key = self._passphrase_key(
            lambda: new_passphrase(self._app, given.get, variable=False, what="the export"),
            cost=exports.EXPORT_COST,
        )
        return exports.pack(store, key), count

    def read_export(self, data: bytes, name: str, passphrase_fd: int | None) -> exports.Entries:
        """Return what the export `data`, called `name`, holds; a wrong passphrase is asked again.

        Three times on a terminal. Raises `StoreError`, and `UsageError` for no passphrase.
        """
        exports.check(data, name)
        given = GivenPassphrase(passphrase_fd)
        by_hand = passphrase_fd is None and self._app.streams.person
        key = self._passphrase_key(lambda: self._export_passphrase(given, name))
        for left in range(_TRIES - 1 if by_hand else 0, -1, -1):
            try:
                return exports.unpack(data, name, key)
            except WrongKey as error:
                if not left:
                    raise WrongKey(f"{name}: {error.message}") from error
                self._app.prompts.note(f"{error.message[:1].upper()}{error.message[1:]}.")
        raise AssertionError("the last try returns or raises")

    def merge(
        self, coming: exports.Entries, place: NewPlace | None, *, replace: bool | None
    ) -> Iterator[str]:
        """Add what an export held to the store; yield what was done.

        `place` is what to seal a store with where there is none yet. `replace` says what becomes of
        an entry that is there with another value; None asks. Raises `UsageError` where nobody is
        there to ask, and `StoreError`.
        """
        store, settle = self._target(place)
        present = store.entries() if store.exists() else {}
        coming = {name: value for name, value in coming.items() if not _known(store, name, value)}
        replaced = self._decide(exports.conflicts(present, coming), replace=replace)

        def change(entries: exports.Entries) -> exports.Entries:
            wanted = {n: v for n, v in coming.items() if n not in entries or n in replaced}
            return {**entries, **wanted}

        store.put_all(change)
        settle()
        for name, value in coming.items():
            if name.kind != HISTORY:
                yield f"{_became(name, value, present, replaced)} {describe(name)}"
        if not any(name.kind != HISTORY for name in coming):
            yield "nothing was in it"

    def _export_passphrase(self, given: GivenPassphrase, name: str) -> Secret:
        found = given.get()
        if found is None and not self._app.streams.person:
            variable = self._app.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
            found = Secret(variable) if variable else None
        if found is not None:
            return found
        return self._app.prompts.secret(
            f"Passphrase of {name}", lambda _: None, flag="--passphrase-fd"
        )

    def _passphrase_key(self, ask: Callable[[], Secret], cost: int | None = None) -> "KeySource":
        from copilot_cli.store.keys import PassphraseKey
        from copilot_cli.store.sealed import SCRYPT_COST

        return PassphraseKey(ask, cost=self._app.effects.key_cost or cost or SCRYPT_COST)

    # -- importing ---------------------------------------------------------------------------

    def _target(self, place: NewPlace | None) -> tuple[SecretStore, Callable[[], None]]:
        """Return the store to import into, and what writes the settings of a new one."""
        if self._vault.store.exists():
            if place is not None:
                raise UsageError(
                    "there is a store already, and --store is for a new one",
                    hint="leave --store out; `copilot-chat keys move` changes what opens it",
                )
            return self._changes.opened(), lambda: None
        chosen = place or NewPlace(self._default_kind())
        return self._vault.build_store(self._changes.new_key(chosen)), lambda: self._changes.settle(
            chosen
        )

    def _default_kind(self) -> str:
        set_by_hand = self._app.settings.store
        return set_by_hand if set_by_hand not in {None, "none"} else "keyring"

    def _decide(self, names: list[EntryName], *, replace: bool | None) -> set[EntryName]:
        """Return which of `names`, there with another value, the import replaces."""
        if replace is not None:
            return set(names) if replace else set()
        if names and not self._app.streams.person:
            raise UsageError(
                f"already there, and not the same: {', '.join(map(describe, names))}",
                hint="say --replace or --keep",
            )
        return {
            name
            for name in names
            if self._app.prompts.confirm(
                f"Replace {describe(name)}, which is there already?", default=False, flag="--keep"
            )
        }


def read_file(path: Path) -> bytes:
    """Return the content of an export. Raises `UsageError`; what is too long is cut."""
    from copilot_cli.store.sealed_json import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no path"
        raise UsageError(f"{path} cannot be read: {reason}") from error


def write_file(path: Path, data: bytes) -> None:
    """Make the file `path` (0600) with `data`; nothing is ever replaced. Raises `UsageError`."""
    try:
        files.create_private(path, data)
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already, and is not replaced", hint="choose another name"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this is no path"
        raise UsageError(f"{path} cannot be written: {reason}") from error


def _known(store: SecretStore, name: EntryName, value: object) -> bool:
    """Whether `value` is the key that seals conversations here now."""
    if name.kind != HISTORY or not store.exists():
        return False
    return isinstance(value, dict) and value.get("key") == store.subkey(HISTORY).hex()


def _became(
    name: EntryName, value: object, present: exports.Entries, replaced: set[EntryName]
) -> str:
    if name not in present:
        return "added"
    if present[name] == value:
        return "already there:"
    return "replaced" if name in replaced else "kept what is there of"
