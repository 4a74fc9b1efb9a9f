"""Another way to open the store, or all of its keys anew: a slot, or everything, is sealed again.

Rule: whatever stops it, and wherever, what lies on the disk opens with the settings that lie beside
it. A new key is proven before an old one goes. A key in the keyring is noted in the file before it
is made and until it is gone (`sealed.mark`), so that a crash leaves none that nobody knows of. An
interruption is such a crash: only an error of ours is tidied up after.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from copilot_cli.errors import (
    CopilotChatError,
    KeyMissing,
    KeyringLocked,
    KeyringUnavailable,
    StoreError,
    WrongKey,
)
from copilot_cli.store.opening import KeySource, live, open_with
from copilot_cli.store.sealed import EntryName, Slot, mark, new_key, new_kid, seal, subkey
from copilot_cli.store.secrets import HISTORY, Opened, SecretStore
from copilot_cli.store.store_file import StoreFile

_ITEMS = "keyring"  # the type whose keys are items of their own, each under its id


class Changed(NamedTuple):
    """What became of the old keys: those that went, and those that could not go; in words."""

    removed: list[str]
    left: list[str]


def history_entry(kid: str) -> EntryName:
    """Return the name of the entry with the key of conversations sealed under the store `kid`."""
    return EntryName(HISTORY, "conversations", kid)


def move(store: SecretStore, new: KeySource, *, keep: bool, settle: Callable[[], None]) -> Changed:
    """Have `new` open the store, and nothing else; with `keep` the slots of other types too.

    `settle` writes the choice into the settings; it runs while both ways open. Raises StoreError,
    or what `settle` raises, and then the store opens as it did.
    """
    new.ready()
    kid = new_kid()

    def work(opened: Opened, file: StoreFile) -> Changed:
        desk = _Desk.of(opened, file)
        old = opened.sealed.slots
        try:
            slot = _added(desk, old, new, kid)
            settle()
        except CopilotChatError as error:
            if _take_back((new,), error):
                with suppress(StoreError):  # what stays in the file opens nothing
                    desk.seal(old)
            raise
        kept = tuple(it for it in live(opened.sealed) if keep and it.type != new.type)
        gone = [it for it in old if it not in kept and not _shares(new, it)]
        changed, marks = _forget(store, gone)
        desk.seal((slot, *kept, *marks))
        return changed

    return store.rewrite(work)


def rotate(store: SecretStore, sources: Sequence[KeySource]) -> Changed:
    """Seal the store under a new key of its own, wrapped by new keys of `sources`, one a type.

    The key of sealed conversations stays in the store as an entry, so that what was sealed before
    opens as long as the store does. Raises StoreError, and then the store opens as it did.
    """
    for source in sources:
        source.ready()
    kid, data_key = new_kid(), new_key()

    def work(opened: Opened, file: StoreFile) -> Changed:
        desk, before = _Desk.of(opened, file), opened.sealed
        for source in sources:  # a second passphrase that was mistyped must not become the new one
            open_with(before, source, file.path)
        history = {history_entry(before.kid): {"key": subkey(opened.data_key, HISTORY).hex()}}
        noted = [mark(it.type, it.kid) for it in before.slots if it.type == _ITEMS]
        coming = [mark(it.type, kid) for it in sources if it.type == _ITEMS]
        try:
            if coming:
                desk.seal((*before.slots, *coming))
            slots = tuple(
                _made(source.renew(kid, data_key), source, data_key) for source in sources
            )
            fresh = desk.anew(kid, data_key, {**opened.entries, **history})
            fresh.seal((*slots, *noted))
        except CopilotChatError as error:
            if desk.holds(before.kid) and _take_back(sources, error):
                with suppress(StoreError):  # a mark that stays opens nothing
                    desk.seal(before.slots)
            raise
        left = _settled(sources)
        changed, marks = _forget(store, noted)
        fresh.seal((*slots, *marks))
        return Changed(changed.removed, [*left, *changed.left])

    return store.rewrite(work)


class _Desk:
    """The store's file, and the key and entries that each new version of it is sealed with."""

    def __init__(
        self,
        file: StoreFile,
        kid: str,
        data_key: bytes,
        entries: Mapping[EntryName, Mapping[str, Any]],
        gen: int,
    ) -> None:
        self._file = file
        self._kid = kid
        self._data_key = data_key
        self._entries = entries
        self._gen = gen

    @classmethod
    def of(cls, opened: Opened, file: StoreFile) -> "_Desk":
        """Return the desk of a store that was opened."""
        found = opened.sealed
        return cls(file, found.kid, opened.data_key, opened.entries, found.gen)

    def anew(
        self, kid: str, data_key: bytes, entries: Mapping[EntryName, Mapping[str, Any]]
    ) -> "_Desk":
        """Return a desk for the same file, under another key."""
        return _Desk(self._file, kid, data_key, entries, self._gen)

    @property
    def data_key(self) -> bytes:
        """The key that the slots wrap."""
        return self._data_key

    def seal(self, slots: Iterable[Slot]) -> None:
        """Write the store with `slots`, and believe it only when it was read back."""
        self._gen += 1
        fresh = seal(self._data_key, self._kid, self._gen, tuple(slots), self._entries)
        self._file.save(fresh)
        if self._file.load() != fresh:
            raise StoreError(f"{self._file.path} is not what was just written to it")

    def holds(self, kid: str) -> bool:
        """Whether the file is still the store `kid`; False too where it cannot be read."""
        try:
            found = self._file.load()
        except StoreError:
            return False
        return found is not None and found.kid == kid


def _added(desk: _Desk, old: tuple[Slot, ...], new: KeySource, kid: str) -> Slot:
    """Make a slot of `new`, and write it behind those there are; what opened them goes on to."""
    if new.type == _ITEMS:
        desk.seal((*old, mark(new.type, kid)))
    slot = _made(new.create(kid, desk.data_key), new, desk.data_key)
    # A passphrase for a passphrase is one write: with both there, either would be asked for.
    both = () if any(it.type == new.type == "passphrase" for it in old) else old
    desk.seal((*both, slot))
    return slot


def _made(slot: Slot, source: KeySource, data_key: bytes) -> Slot:
    """Return `slot` if `source` opens it."""
    if source.unwrap(slot) != data_key:
        raise WrongKey(f"the new {source.type} key does not open what it has just sealed")
    return slot


def _take_back(sources: Iterable[KeySource], reason: CopilotChatError) -> bool:
    """Withdraw what was made; return whether nothing can be left of it.

    A keyring that has just failed may fail at this too: that is no news, and the mark stays.
    """
    for source in sources:
        try:
            source.withdraw()
        except StoreError as error:
            if isinstance(reason, KeyringLocked | KeyringUnavailable):
                return False
            raise StoreError(
                f"{reason.message}; the key made for it could not be removed: {error.message}"
            ) from reason
    return True


def _settled(sources: Iterable[KeySource]) -> list[str]:
    left = []
    for source in sources:
        try:
            source.settle()
        except StoreError as error:
            left.append(f"the old {source.type} key ({error.message})")
    return left


def _shares(new: KeySource, slot: Slot) -> bool:
    """Whether `slot` opens with the very key file that `new` uses from now on."""
    if not new.type == slot.type == "keyfile":
        return False
    try:
        new.unwrap(slot)
    except (WrongKey, KeyMissing):
        return False
    return True


def _forget(store: SecretStore, slots: Iterable[Slot]) -> tuple[Changed, list[Slot]]:
    """Remove the keys of `slots`; return what became of them, and marks of items still there."""
    changed, marks = Changed([], []), []
    for kind, kid in dict.fromkeys((slot.type, slot.kid) for slot in slots):
        source = store.source(kind)
        try:
            if source is None:
                raise StoreError("nobody knows where it is")  # noqa: TRY301 - told as the others
            changed.removed.extend(source.remove(kid))
        except StoreError as error:
            changed.left.append(f"the {kind} key store:{kid} ({error.message})")
            marks += [mark(kind, kid)] if kind == _ITEMS else []
    return changed, marks
