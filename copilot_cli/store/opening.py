"""Which slot of a sealed store opens, and what to say where none does.

A source of keys is tried on every slot of its own type; nothing else is ever tried by itself.
"""

from pathlib import Path
from typing import Protocol

from copilot_cli.errors import (
    KeyMissing,
    KeyringLocked,
    KeyringUnavailable,
    StoreError,
    WrongKey,
)
from copilot_cli.store.sealed import Sealed, Slot, is_mark


class KeySource(Protocol):
    """What makes, opens and forgets one type of slot (`store.keys` has them)."""

    type: str

    def ready(self) -> None:
        """Do what may wait for a person."""

    def create(self, kid: str, data_key: bytes, /) -> Slot:
        """Make a key and the slot it opens."""

    def renew(self, kid: str, data_key: bytes, /) -> Slot:
        """Make another key beside the present one, and the slot it opens."""

    def settle(self) -> None:
        """Forget the key that `renew` was to replace, if it is kept in the same place."""

    def withdraw(self) -> None:
        """Take back what the last `create` or `renew` kept."""

    def unwrap(self, slot: Slot, /) -> bytes:
        """Return the data key."""

    def remove(self, kid: str, /) -> list[str]:
        """Forget the key; return what was removed, in words."""


def live(found: Sealed) -> tuple[Slot, ...]:
    """Return the slots that open something."""
    return tuple(slot for slot in found.slots if not is_mark(slot))


def open_with(found: Sealed, key: KeySource, name: Path | str) -> bytes:
    """Return the data key by the first slot that `key` opens; `name` is for the message.

    Raises StoreError; where another type of slot would open the store, its hint says how.
    """
    slots = [slot for slot in live(found) if slot.type == key.type]
    others = list(dict.fromkeys(slot.type for slot in live(found) if slot.type != key.type))
    if not slots:
        types = " and ".join(others)
        raise KeyMissing(
            f"{name} is sealed with {types}, not with {key.type}",
            hint=f"copilot-chat config set store {others[0]}" if others else None,
        )
    try:
        return _first(slots, key)
    except (KeyringLocked, KeyringUnavailable, KeyMissing, WrongKey) as error:
        if others:
            error.hint = (
                f"it opens with {' or '.join(others)} too: "
                f"copilot-chat config set store {others[0]}"
            )
        raise


def _first(slots: list[Slot], key: KeySource) -> bytes:
    """Return what the first slot gives that opens, else raise what was wrong with the first."""
    failure: StoreError | None = None
    for slot in slots:
        try:
            return key.unwrap(slot)
        except (KeyMissing, WrongKey) as error:
            failure = failure or error
    assert failure is not None
    raise failure
