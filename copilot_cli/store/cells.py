"""The texts of a conversation as a database holds them: plain, or sealed by a key of the store.

Rule: a plain text is TEXT and a sealed one a BLOB (a version byte, a nonce, AES-256-GCM), so each
cell says itself what it is, and nothing sealed can get into a search index. The place of a cell is
bound to it: a text that was moved to another turn does not open.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from copilot_cli.errors import Corrupt, StoreError, WrongKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Key = Callable[[], bytes]
"""Gives the 32 bytes that seal and open the texts; raises `StoreError` where it cannot."""

OlderKeys = Callable[[], tuple[bytes, ...]]
"""Gives the keys of before, for what the present one does not open."""

SEALED = "(sealed)"

_VERSION = b"\x01"
_NONCE = 12


class Cells:
    """Turns texts into cells and back.

    `seal` gives the key where new texts are to be sealed, `unseal` the one that opens those that
    are, `older` those that opened them once; none is asked before the first text that needs it.
    """

    def __init__(
        self, seal: Key | None = None, unseal: Key | None = None, older: OlderKeys | None = None
    ) -> None:
        self.sealing = seal is not None
        self._key = seal or unseal
        self._older_keys = older
        self._older: list[AESGCM] | None = None
        self._cipher: AESGCM | None = None
        self._failure: StoreError | None = None

    def write(self, text: str, *place: object) -> str | bytes:
        """Return the cell for `text` at `place`. Raises `StoreError` where there is no key."""
        if not self.sealing:
            return text
        nonce = os.urandom(_NONCE)
        sealed = self.cipher().encrypt(nonce, text.encode("utf-8", "replace"), _bound(place))
        return _VERSION + nonce + sealed

    def read(self, cell: str | bytes, *place: object) -> str:
        """Return the text of `cell` at `place`.

        Raises `StoreError`: there is no key, it is another one, or the cell was changed or moved.
        """
        if isinstance(cell, str):
            return cell
        if cell[:1] != _VERSION or len(cell) < 1 + _NONCE:
            raise Corrupt("a stored message is sealed in a way that this version does not know")
        text = _opened(self.cipher(), cell, place)
        for cipher in () if text is not None else self._older_ciphers():
            text = _opened(cipher, cell, place)
            if text is not None:
                break
        if text is None:
            raise WrongKey("a stored message does not open with the key of this store")
        return text

    def is_current(self, cell: str | bytes, *place: object) -> bool:
        """Say whether `cell` at `place` opens with the present key. Raises `StoreError`."""
        return isinstance(cell, bytes) and _opened(self.cipher(), cell, place) is not None

    def _older_ciphers(self) -> "list[AESGCM]":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if self._older is None:
            self._older = [AESGCM(key) for key in self._older_keys()] if self._older_keys else []
        return self._older

    def cipher(self) -> "AESGCM":
        """Return what seals and opens. Raises `StoreError` where there is no key."""
        if self._failure is not None:  # asking again would have somebody type or wait again
            raise self._failure
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            if self._key is None:
                raise WrongKey("a stored message is sealed, and there is no key here to open it")
            try:
                self._cipher = AESGCM(self._key())
            except StoreError as exc:
                self._failure = exc
                raise
        return self._cipher


def title_cell(cells: Cells, session_id: str, title: str) -> str | bytes:
    """Return the cell for a session's title; no title is no secret."""
    return cells.write(title, "title", session_id) if title else ""


def title_of_cell(cells: Cells, session_id: str, cell: str | bytes) -> str:
    """Return a session's title, SEALED where it cannot be opened: a list must not fail for one."""
    try:
        return cells.read(cell, "title", session_id)
    except StoreError:
        return SEALED


def _opened(cipher: "AESGCM", cell: bytes, place: tuple[object, ...]) -> str | None:
    """Return the text of `cell`, None where this is not its key or not its place."""
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(cell[1 : 1 + _NONCE], cell[1 + _NONCE :], _bound(place)).decode()
    except InvalidTag:
        return None


def _bound(place: tuple[object, ...]) -> bytes:
    """Return the place as bytes without ambiguity: every part after its length."""
    parts = [str(part).encode() for part in ("copilot-chat/v1/history", *place)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
