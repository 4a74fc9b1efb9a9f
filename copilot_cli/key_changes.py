"""Changing what opens the secret store, and taking what is in it to another machine.

Rule: whatever a person has to type or unlock comes first; then the store changes under its lock, as
`store.rekeying` says. Each method says in words what was done.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import SecretNotFound, StoreError, UsageError, WrongKey
from copilot_cli.new_key import GivenPassphrase, confirm_key_file, new_passphrase
from copilot_cli.secret import Secret
from copilot_cli.store import exports, files, rekeying
from copilot_cli.store.sealed import EntryName
from copilot_cli.store.secrets import HISTORY, SecretStore

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.opening import KeySource
    from copilot_cli.store.rekeying import Changed

_TRIES = 3
_PLACES = {"keyring": "the keyring", "passphrase": "a passphrase", "keyfile": "a key file"}


class NewPlace(NamedTuple):
    """Where a key is to be kept: `kind` as the setting `store` has it, and what goes with it."""

    kind: str
    key_file: Path | None = None
    passphrase_fd: int | None = None
    yes: bool = False


class KeyChanges:
    """Changes the keys of `app`'s store."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._vault = app.vault

    def move(self, place: NewPlace, *, keep: bool) -> Iterator[str]:
        """Have the store open by `place`, and with `keep` as before too; yield what was done.

        Raises `UsageError` where it does already, and `StoreError`; the store then opens as it did.
        """
        store = self._opened()
        present = self._vault.kind
        self._check_other(present, place)
        replaces = present == place.kind == "passphrase"
        key = self._new_key(place, variable=not replaces)
        changed = rekeying.move(store, key, keep=keep, settle=lambda: self._settle(place))
        yield f"the store now opens with {_name(place.kind)}"
        for kind in dict.fromkeys(kind for kind, _ in store.slots() if kind != key.type):
            yield f"to open it with {_name(kind)} again: copilot-chat config set store {kind}"
        yield from _said(changed)

    def rotate(self) -> Iterator[str]:
        """Seal everything under new keys; yield what was done.

        Every way to open the store has to open it now: a second one is made anew as well.
        """
        store = self._opened()
        kinds = list(dict.fromkeys(kind for kind, _ in store.slots()))
        changed = rekeying.rotate(store, [self._source(kind, store) for kind in kinds])
        yield "the store is sealed under new keys"
        yield from _said(changed)
        conversations = self._app.settings.paths.conversations
        if conversations.exists() and (count := self._app.sessions.reseal()):
            yield f"sealed {count} texts of conversations anew"

    def export(self, passphrase_fd: int | None = None) -> tuple[bytes, int]:
        """Return everything that is stored, sealed with a passphrase, and how many entries it is.

        Raises `SecretNotFound` where nothing is stored.
        """
        store = self._opened()
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

    # -- what opens --------------------------------------------------------------------------

    def _opened(self) -> SecretStore:
        """Return the store, opened, with three tries for a passphrase. Raises `StoreError`."""
        store = self._vault.store
        if not store.exists():
            raise SecretNotFound("nothing is stored", hint="run `copilot-chat onboard`")
        self._vault.unlock()
        store.entries()
        return store

    def _source(self, kind: str, store: SecretStore) -> "KeySource":
        """Return the source for `kind`; that of the store in use has been opened already."""
        source = store.source(kind)
        return source if source is not None else self._vault.build_key(kind)

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

    # -- what is new -------------------------------------------------------------------------

    def _check_other(self, present: str, place: NewPlace) -> None:
        same = present == place.kind != "passphrase"
        if same and place.kind == "keyfile":
            same = _resolved(self._key_file(place)) == _resolved(self._key_file(None))
        if same:
            raise UsageError(
                f"the store opens with {_name(present)} already",
                hint="`copilot-chat keys rotate` makes a new key",
            )

    def _new_key(self, place: NewPlace, *, variable: bool = True) -> "KeySource":
        if place.kind == "keyfile" and self._app.streams.person and not place.yes:
            confirm_key_file(self._app, self._key_file(place), flag="--yes")
        given = GivenPassphrase(place.passphrase_fd)

        def ask() -> Secret:
            return new_passphrase(self._app, given.get, variable=variable)

        return self._vault.build_key(place.kind, key_file=place.key_file, ask=ask)

    def _key_file(self, place: NewPlace | None) -> Path:
        settings = self._app.settings
        chosen = place.key_file if place else None
        return chosen or settings.key_file or settings.paths.key_file

    def _settle(self, place: NewPlace) -> None:
        """Write into the settings what the store opens with."""
        from copilot_cli.store.toml import set_values

        values: dict[str | tuple[str, ...], object] = {"store": place.kind}
        if place.kind == "keyfile" and place.key_file is not None:
            values["key_file"] = str(place.key_file.absolute())
        set_values(self._app.settings.paths.config_file, values)

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
            return self._opened(), lambda: None
        chosen = place or NewPlace(self._default_kind())
        return self._vault.build_store(self._new_key(chosen)), lambda: self._settle(chosen)

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


def describe(name: EntryName) -> str:
    """Return what an entry is, in words."""
    kind, host, user = name
    if kind == "github":
        return f"the sign-in of {user} on {host}"
    if kind == HISTORY:
        return "the key of earlier conversations"
    if kind == "byok":
        return f"the key of the endpoint {user} ({host})"
    return f"the {kind} entry {user} on {host}"


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


def _name(kind: str) -> str:
    return _PLACES.get(kind.partition(":")[0], kind)


def _said(changed: "Changed") -> Iterator[str]:
    for what in changed.removed:
        yield f"removed {what}"
    for what in changed.left:
        yield f"still there: {what}; `copilot-chat keys rotate` tries again"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{path} cannot be found out: {error}") from error
