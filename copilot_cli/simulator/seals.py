"""Sealed reasoning and item ids: what a client echoes, good for the one credential they came from.

A service that keeps no state hands its reasoning out encrypted, and refuses it back from anybody
else. Ids of items are long strings that change with every event of the same item on Copilot's
responses wire (github.com/BerriAI/litellm, pull request 30072); each of them goes with the item's
blob.
"""

from __future__ import annotations

import secrets
from typing import Final

_LENGTH: Final = 64  # characters of an item's own part of an id
_COUNT: Final = 8  # characters of its counter


class Item:
    """One output item: gives out its ids, and its reasoning under seal.

    `prefix` makes ids that stay as they are (`rs_…`); without one each call gives a new id.
    """

    def __init__(self, reference: str, blob: str, prefix: str = "") -> None:
        self._reference = reference
        self._prefix = prefix
        self._given = 0
        self.blob = blob

    def id(self) -> str:
        """An id of this item."""
        if self._prefix:
            return f"{self._prefix}_{self._reference}"
        self._given += 1
        return f"{self._given * 2654435761 % 2**32:0{_COUNT}x}{self._reference}"


class Seals:
    """Knows whose each item is. An owner is any text: an account, or a provider."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._blobs: dict[str, str] = {}

    def item(self, owner: str, prefix: str = "") -> Item:
        """A new item of this owner."""
        reference, blob = secrets.token_urlsafe(_LENGTH)[:_LENGTH], secrets.token_urlsafe(96)
        self._owners[reference] = owner
        self._blobs[blob] = reference
        return Item(reference, blob, prefix)

    def fault(self, owner: str, echoed: str | None, blob: str | None) -> str | None:
        """Why an id and a blob are not taken back from `owner`; either may be left out."""
        reference = self._reference(echoed)
        if reference is not None and self._owners.get(reference, owner) != owner:
            return "input item ID does not belong to this connection"
        if blob is None:
            return None
        known = self._blobs.get(blob)
        whole = known is not None and self._owners[known] == owner
        if not whole or (echoed is not None and reference != known):
            return "Encrypted content could not be decrypted or verified"
        return None

    def _reference(self, echoed: str | None) -> str | None:
        if echoed is None:
            return None
        return echoed.partition("_")[2] if echoed[:3] in _PREFIXES else echoed[_COUNT:]


_PREFIXES: Final = ("rs_", "msg", "fc_")
