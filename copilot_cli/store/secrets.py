"""The secret store: named JSON objects, sealed in one file under one key.

Every write happens under the lock, on what is there at that moment, into a new file. Whatever may
wait for a person (unlocking a keyring, typing a passphrase) happens before the lock is taken, and
starts again if the store was sealed anew meanwhile. Only `set_aside` moves a file that cannot be
used, and only `purge` deletes one.
"""

import copy
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from copilot_cli.errors import (
    KeyringLocked,
    KeyringUnavailable,
    LockTimeout,
    SecretNotFound,
    StoreError,
)
from copilot_cli.patterns import pattern
from copilot_cli.store import files, sealed_json
from copilot_cli.store.opening import KeySource, live, open_with
from copilot_cli.store.sealed import (
    EntryName,
    Sealed,
    Slot,
    fingerprint,
    is_mark,
    new_key,
    new_kid,
    seal,
    subkey,
    unseal,
)
from copilot_cli.store.store_file import StoreFile
from copilot_cli.values import NamedTuple

__all__ = ["HISTORY", "EntryName", "KeySource", "Opened", "SecretStore"]

HISTORY = "history"
"""The kind of the entries that hold keys of conversations sealed before a rotation or import."""

_ATTEMPTS = 5
_KEY_TEXT = pattern(r"[0-9a-f]{64}")
_T = TypeVar("_T")


class Opened(NamedTuple):
    """A store that was opened, under its lock."""

    sealed: Sealed
    data_key: bytes
    entries: dict[EntryName, dict[str, Any]]


class SecretStore:
    """The store under `folder` (the data folder), opened with `key` when that is needed.

    `source` gives the key source of another type, for what a second slot keeps. `lock_wait` is in
    seconds, `now` gives seconds since 1970. Every method raises StoreError (its kinds say why) and,
    if it writes, LockTimeout.
    """

    def __init__(
        self,
        folder: Path,
        *,
        key: KeySource,
        source: Callable[[str], KeySource] | None = None,
        lock_wait: float = 10.0,
        now: Callable[[], float] = time.time,
        write: Callable[[Path, bytes], None] = files.write_atomic,
    ) -> None:
        self._file = StoreFile(folder, lock_wait=lock_wait, now=now, write=write)
        self.path = self._file.path
        self._key = key
        self._source = source
        self._ready = False
        self._opened: tuple[tuple[Slot, ...], bytes] | None = None

    # Without the key

    def exists(self) -> bool:
        """Whether anything is where the store belongs, usable or not."""
        return self._file.exists()

    def names(self) -> list[EntryName]:
        """Return what is stored, in order."""
        found = self._file.load()
        return list(found.names) if found else []

    def fingerprint(self) -> bytes | None:
        """Return SHA-256 of the sealed entries, another one after each write; None for no store."""
        found = self._file.load()
        return fingerprint(found) if found else None

    def kid(self) -> str:
        """Return the store's own id. Raises SecretNotFound if there is no store."""
        found = self._file.load()
        if found is None:
            raise SecretNotFound(f"there is no store at {self.path}")
        return found.kid

    def slots(self) -> list[tuple[str, str]]:
        """Return type and key id of each way to open the store."""
        found = self._file.load()
        return [(slot.type, slot.kid) for slot in live(found)] if found else []

    def describe(self) -> dict[str, Any]:
        """Return what can be told about the store, with `problem` where it cannot be used."""
        facts: dict[str, Any] = {"path": str(self.path), "exists": self.exists(), "problem": None}
        try:
            found = self._file.load()
            if found:
                status = self.path.stat()
                facts |= {"size": status.st_size, "mode": f"{status.st_mode & 0o777:04o}"}
                facts |= {"kid": found.kid, "gen": found.gen}
                facts["slots"] = [
                    {"type": slot.type, "kid": slot.kid, "left_over": is_mark(slot)}
                    for slot in found.slots
                ]
                facts["names"] = [sealed_json.render_name(name) for name in found.names]
        except StoreError as error:
            facts["problem"] = error.message
        return facts

    # With the key

    def get(self, name: EntryName) -> dict[str, Any]:
        """Return the value of `name`; raises SecretNotFound."""
        found = self._file.load()
        entries = self._entries(found) if found else {}
        if name not in entries:
            raise _not_found(name)
        return entries[name]

    def subkey(self, purpose: str) -> bytes:
        """Return the 32-byte key for `purpose`; raises SecretNotFound if there is no store."""
        found = self._file.load()
        if found is None:
            raise SecretNotFound(f"there is no store at {self.path}")
        return subkey(self._data_key(found), purpose)

    def history_keys(self) -> tuple[bytes, ...]:
        """Return the keys of sealed conversations: the present one, then those of before.

        Raises SecretNotFound if there is no store.
        """
        present = self.subkey(HISTORY)
        older = [
            bytes.fromhex(value["key"])
            for name, value in self.entries().items()
            if name.kind == HISTORY and _is_key(value.get("key"))
        ]
        return (present, *older)

    def entries(self) -> dict[EntryName, dict[str, Any]]:
        """Return everything that is stored; every entry has then been checked. Writes nothing."""
        found = self._file.load()
        return self._entries(found) if found else {}

    def rewrite(self, work: Callable[[Opened, StoreFile], _T]) -> _T:
        """Run `work` under the lock on the opened store and its file.

        For what changes keys (`store.rekeying`). Raises SecretNotFound if there is no store.
        """

        def checked(found: Sealed | None) -> _T:
            if found is None:
                raise SecretNotFound(f"there is no store at {self.path}")
            opened = Opened(found, self._data_key(found), self._entries(found))
            try:
                return work(opened, self._file)
            finally:
                self._opened = None

        return self._locked_work(checked)

    def put_all(
        self, change: Callable[[dict[EntryName, dict[str, Any]]], dict[EntryName, dict[str, Any]]]
    ) -> None:
        """Store what `change` makes of all entries, in one write; an equal result is not written.

        The store is made if there is none. `change` runs under the lock.
        """

        def work(found: Sealed | None) -> None:
            before = self._entries(found) if found else {}
            after = change(copy.deepcopy(before))
            if found is None or after != before:
                self._reseal(found, after)

        self._locked_work(work)

    def prove(self) -> bool:
        """Make an empty store, or open the one that is there and write it again as it is.

        Key, lock, folder and disk have then been tried, before a sign-in starts. Returns whether
        the store was made.
        """

        def work(found: Sealed | None) -> bool:
            if found is None:
                self._create({})
                return True
            self._entries(found)
            self._file.save(found)
            return False

        return self._locked_work(work)

    def put(self, name: EntryName, value: Mapping[str, Any]) -> None:
        """Store `value`, a JSON object, as `name`; make the store if there is none."""
        self._change(name, lambda _: dict(value), skip_equal=False)

    def update(
        self, name: EntryName, change: Callable[[dict[str, Any] | None], dict[str, Any]]
    ) -> dict[str, Any]:
        """Store what `change` makes of the present value (None if there is none), and return it.

        `change` runs under the lock, so it may spend a refresh token that can be used only once.
        What it raises is passed on, and an equal value is not written.
        """
        return self._change(name, change, skip_equal=True)

    def delete(self, name: EntryName) -> None:
        """Remove `name`; raises SecretNotFound."""

        def work(found: Sealed | None) -> None:
            entries = self._entries(found) if found else {}
            if found is None or name not in entries:
                raise _not_found(name)
            del entries[name]
            self._reseal(found, entries)

        if name not in self.names():
            raise _not_found(name)
        self._locked_work(work)

    # Out of the way

    def set_aside(self) -> Path:
        """Rename what is where the store belongs, and return its new path; nothing is read."""
        with self._file.locked():
            self._opened = None
            return self._file.set_aside()

    def purge(self) -> list[str]:
        """Remove the store, what was set aside, and their keys; return what was removed, in words.

        Everything is tried; then StoreError says what could not be removed. The empty lock file
        stays: another process may be waiting for it.
        """
        from copilot_cli.store.purging import purge

        self._opened, self._ready = None, False
        return purge(self._file, self.source)

    def source(self, kind: str) -> KeySource | None:
        """Return the key source for slots of `kind`: the store's own, or another if it is known."""
        if kind == self._key.type:
            return self._key
        return self._source(kind) if self._source is not None else None

    # Reading

    def _data_key(self, found: Sealed) -> bytes:
        if self._opened is None or self._opened[0] != found.slots:
            with self._file.failures("opened"):
                self._opened = (found.slots, open_with(found, self._key, self.path))
        return self._opened[1]

    def _entries(self, found: Sealed) -> dict[EntryName, dict[str, Any]]:
        data_key = self._data_key(found)
        with self._file.failures("opened"):
            return unseal(found, data_key)

    # Writing

    def _change(
        self,
        name: EntryName,
        change: Callable[[dict[str, Any] | None], dict[str, Any]],
        *,
        skip_equal: bool,
    ) -> dict[str, Any]:
        sealed_json.render_name(name)

        def work(found: Sealed | None) -> dict[str, Any]:
            entries = self._entries(found) if found else {}
            before = entries.get(name)
            value = change(copy.deepcopy(before))
            if not (skip_equal and value == before):
                entries[name] = value
                self._reseal(found, entries)
            return value

        return self._locked_work(work)

    def _locked_work(self, work: Callable[[Sealed | None], _T]) -> _T:
        for _ in range(_ATTEMPTS):
            self._prepare()
            with self._file.locked():
                found = self._file.load()
                if self._is_prepared(found):
                    return work(found)
        raise LockTimeout(f"{self.path} is sealed anew again and again by another process")

    def _prepare(self) -> None:
        found = self._file.load()
        if found:
            self._data_key(found)
        elif not self._ready:
            self._key.ready()
            self._ready = True

    def _is_prepared(self, found: Sealed | None) -> bool:
        if found is None:
            return self._ready
        return self._opened is not None and self._opened[0] == found.slots

    def _reseal(self, found: Sealed | None, entries: Mapping[EntryName, Mapping[str, Any]]) -> None:
        if found is None:
            self._create(entries)
            return
        data_key = self._data_key(found)
        self._file.save(seal(data_key, found.kid, found.gen + 1, found.slots, entries))

    def _create(self, entries: Mapping[EntryName, Mapping[str, Any]]) -> None:
        """Make key and file, in this order; without the file the key is taken back."""
        kid, data_key = new_kid(), new_key()
        try:
            slots = (self._key.create(kid, data_key),)
            self._file.save(seal(data_key, kid, 1, slots, entries))
        except BaseException as error:  # Ctrl-C too: nothing half-made stays
            if not self._is_there(kid):  # else it came after the file was in its place
                self._withdraw(error)
            raise
        self._opened = (slots, data_key)

    def _is_there(self, kid: str) -> bool:
        try:
            found = self._file.load()
        except StoreError:
            return False
        return found is not None and found.kid == kid

    def _withdraw(self, reason: BaseException) -> None:
        try:
            self._key.withdraw()
        except StoreError as error:
            if isinstance(reason, KeyringLocked | KeyringUnavailable):
                return  # it fails at everything
            raise StoreError(
                f"{reason}; the key made for it could not be removed either: {error.message}"
            ) from reason


def _is_key(text: object) -> bool:
    return isinstance(text, str) and _KEY_TEXT.fullmatch(text) is not None


def _not_found(name: EntryName) -> SecretNotFound:
    return SecretNotFound(f"nothing is stored for {name.user or name.kind} on {name.host}")
