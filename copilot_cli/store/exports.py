"""An export: everything that is stored, sealed anew under a passphrase, and such a file read back.

The format is the store's own, with one passphrase slot; so a store that was sealed with a
passphrase can be imported as it is. Bytes in, bytes out: nothing is read, written or asked here.
"""

from collections.abc import Mapping
from typing import Any

from copilot_cli.errors import Corrupt, StoreError, TooNew
from copilot_cli.store import sealed_json
from copilot_cli.store.opening import KeySource, live, open_with
from copilot_cli.store.rekeying import history_entry
from copilot_cli.store.sealed import EntryName, new_key, new_kid, seal, unseal
from copilot_cli.store.secrets import HISTORY, SecretStore

EXPORT_COST = 18
"""log2 of scrypt's N: a file that travels is worth a second and 256 MiB to whoever guesses."""
_OURS = "it is what `copilot-chat keys export` writes"

Entries = dict[EntryName, dict[str, Any]]


def pack(store: SecretStore, key: KeySource) -> bytes:
    """Return all of `store`, sealed for `key`, under keys of its own: nothing of the store's goes.

    The key of sealed conversations goes along as an entry, so that a copy of them opens where the
    export is imported.
    """
    kid = store.kid()
    entries: Entries = {**store.entries(), history_entry(kid): {"key": store.subkey(HISTORY).hex()}}
    fresh, data_key = new_kid(), new_key()
    slot = key.create(fresh, data_key)
    data = sealed_json.render(seal(data_key, fresh, 1, (slot,), entries))
    if len(data) > sealed_json.MAX_BYTES:
        raise StoreError(f"the export would be longer than {sealed_json.MAX_BYTES} bytes")
    return data


def check(data: bytes, name: str) -> None:
    """Raise Corrupt, TooNew or StoreError where `data`, called `name`, can be no export."""
    try:
        found = sealed_json.parse(data)
    except TooNew as error:
        raise TooNew(f"{name} is too new: {error.message}", hint="update copilot-chat") from error
    except Corrupt as error:
        raise Corrupt(f"{name} cannot be imported: {error.message}", hint=_OURS) from error
    if not any(slot.type == "passphrase" for slot in live(found)):
        raise StoreError(
            f"{name} is a store that only its own machine opens, and no export", hint=_OURS
        )


def unpack(data: bytes, name: str, key: KeySource) -> Entries:
    """Return the entries in `data`, called `name`; raises WrongKey, and as `check` does."""
    check(data, name)
    found = sealed_json.parse(data)
    slot = next(slot for slot in live(found) if slot.type == "passphrase")
    data_key = open_with(found._replace(slots=(slot,)), key, name)
    try:
        return unseal(found, data_key)
    except Corrupt as error:
        raise Corrupt(f"{name} cannot be imported: {error.message}", hint=_OURS) from error


def conflicts(present: Mapping[EntryName, Any], coming: Mapping[EntryName, Any]) -> list[EntryName]:
    """Return what is in both, with another value."""
    return [name for name in sorted(coming) if name in present and present[name] != coming[name]]
