"""Changing what opens the secret store: another kind of key, or all keys anew.

Rule: whatever a person has to type or unlock comes first; then the store changes under its lock, as
`store.rekeying` says. Each method says in words what was done.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_cli.errors import SecretNotFound, StoreError, UsageError
from copilot_cli.new_key import GivenPassphrase, confirm_key_file, new_passphrase, opened_by
from copilot_cli.secret import Secret
from copilot_cli.store import rekeying
from copilot_cli.store.sealed import EntryName
from copilot_cli.store.secrets import HISTORY, SecretStore

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.opening import KeySource
    from copilot_cli.store.rekeying import Changed


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
        store = self.opened()
        present = self._vault.kind
        self._check_other(present, place)
        replaces = present == place.kind == "passphrase"
        key = self.new_key(place, variable=not replaces)
        changed = rekeying.move(store, key, keep=keep, settle=lambda: self.settle(place))
        yield f"the store now opens with {opened_by(place.kind)}"
        for kind in dict.fromkeys(kind for kind, _ in store.slots() if kind != key.type):
            yield f"to open it with {opened_by(kind)} again: copilot-chat config set store {kind}"
        yield from _said(changed)

    def rotate(self) -> Iterator[str]:
        """Seal everything under new keys; yield what was done.

        Every way to open the store has to open it now: a second one is made anew as well.
        """
        store = self.opened()
        kinds = list(dict.fromkeys(kind for kind, _ in store.slots()))
        changed = rekeying.rotate(store, [self._source(kind, store) for kind in kinds])
        yield "the store is sealed under new keys"
        yield from _said(changed)
        conversations = self._app.settings.paths.conversations
        if conversations.exists() and (count := self._app.sessions.reseal()):
            yield f"sealed {count} texts of conversations anew"

    # -- what opens --------------------------------------------------------------------------

    def opened(self) -> SecretStore:
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

    # -- what is new -------------------------------------------------------------------------

    def _check_other(self, present: str, place: NewPlace) -> None:
        same = present == place.kind != "passphrase"
        if same and place.kind == "keyfile":
            same = _resolved(self._key_file(place)) == _resolved(self._key_file(None))
        if same:
            raise UsageError(
                f"the store opens with {opened_by(present)} already",
                hint="`copilot-chat keys rotate` makes a new key",
            )

    def new_key(self, place: NewPlace, *, variable: bool = True) -> "KeySource":
        """Return a source for a key to be made at `place`, asking what has to be asked.

        `variable`: COPILOT_CHAT_PASSPHRASE may be the new passphrase.
        """
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

    def settle(self, place: NewPlace) -> None:
        """Write into the settings what the store opens with."""
        from copilot_cli.store.toml import set_values

        values: dict[str | tuple[str, ...], object] = {"store": place.kind}
        if place.kind == "keyfile" and place.key_file is not None:
            values["key_file"] = str(place.key_file.absolute())
        set_values(self._app.settings.paths.config_file, values)


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
