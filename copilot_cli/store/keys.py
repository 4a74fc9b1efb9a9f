"""Where the key that opens the store comes from: the keyring, a passphrase, or a key file.

Each source makes a slot (`create`), opens one (`unwrap`) and forgets what it keeps (`remove`).
None falls back to another, and a key that is missing is an error: it is never made anew.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import Corrupt, KeyMissing, StoreError, UsageError, WrongKey
from copilot_cli.secret import Secret, strip_newline
from copilot_cli.store import files
from copilot_cli.store.sealed import (
    KEY_BYTES,
    SCRYPT_COST,
    Slot,
    new_kdf,
    new_key,
    stretch,
    unwrap,
    wrap,
)

if TYPE_CHECKING:
    from copilot_cli.store.os_keyring import OsKeyring

SHORT_PASSPHRASE = 12
_ANEW = "put it back, or sign in anew with: copilot-chat onboard"
_MAX_PASSPHRASE_BYTES = 4096
_KEY_NAME = "copilot-chat-key-1"
_HEXADECIMAL = frozenset("0123456789abcdef")
_MAX_KEY_FILE = 1024


class KeyringKey:
    """A random key in the operating system's keyring, under `store:<kid>`."""

    type = "keyring"

    def __init__(self, keyring: "OsKeyring") -> None:
        self._keyring = keyring
        self._made: str | None = None

    def ready(self) -> None:
        """Try the keyring with a random text; what has to be unlocked is unlocked here."""
        self._keyring.prove()

    def create(self, kid: str, data_key: bytes) -> Slot:
        """Keep a new key under `kid`, read back, and return the slot it opens."""
        key = new_key()
        self._made = kid  # a write that failed may have kept it all the same
        self._keyring.write(_user(kid), _key_text(key))
        return wrap(data_key, key, self.type, kid)

    def renew(self, kid: str, data_key: bytes) -> Slot:
        """Keep another key under `kid`; that of another id stays."""
        return self.create(kid, data_key)

    def settle(self) -> None:
        """Nothing is kept in the same place; `remove` forgets a key by its id."""

    def withdraw(self) -> None:
        """Take back what the last `create` kept."""
        if self._made:
            self._keyring.remove(_user(self._made))
            self._made = None

    def unwrap(self, slot: Slot) -> bytes:
        """Return the data key; raises KeyMissing, WrongKey or what the keyring raises."""
        text = self._keyring.read(_user(slot.kid))
        if text is None:
            raise KeyMissing(
                f"{self._keyring.title} no longer has the key {_user(slot.kid)}", hint=_ANEW
            )
        key = _read_key(text)
        if key is None:
            raise WrongKey(f"what {self._keyring.title} has as {_user(slot.kid)} is no key of ours")
        return unwrap(slot, key)

    def remove(self, kid: str) -> list[str]:
        """Remove the key item; return what was removed, in words."""
        removed = self._keyring.remove(_user(kid))
        return [f"{self._keyring.title} item {_user(kid)}"] if removed else []


class PassphraseKey:
    """A key stretched from what a person knows; `ask` is called only when it is needed.

    The answer is kept until the process ends, or until it turns out to be wrong: then the next
    call asks again. `cost` is log2 of scrypt's N for new slots.
    """

    type = "passphrase"

    def __init__(self, ask: Callable[[], Secret], *, cost: int = SCRYPT_COST) -> None:
        self._ask = ask
        self._cost = cost
        self._answer: Secret | None = None

    def ready(self) -> None:
        """Ask, if that was not done; raises UsageError for an empty passphrase."""
        self._passphrase()

    def create(self, kid: str, data_key: bytes) -> Slot:
        """Return a slot that the passphrase opens."""
        kdf = new_kdf(self._cost)
        key = stretch(self._passphrase(), kdf)
        return wrap(data_key, key, self.type, kid, kdf)

    def renew(self, kid: str, data_key: bytes) -> Slot:
        """Return a slot that the same passphrase opens, stretched with a new salt."""
        return self.create(kid, data_key)

    def settle(self) -> None:
        """Nothing is kept."""

    def withdraw(self) -> None:
        """Nothing was kept."""

    def unwrap(self, slot: Slot) -> bytes:
        """Return the data key; raises WrongKey for a wrong passphrase."""
        if slot.kdf is None:
            raise Corrupt("a passphrase slot without its key derivation")
        key = stretch(self._passphrase(), slot.kdf)
        try:
            return unwrap(slot, key)
        except WrongKey as error:
            self._answer = None
            raise WrongKey(
                "the passphrase is wrong, or the store is damaged",
                hint="type it again; `copilot-chat onboard --force` begins anew",
            ) from error

    def remove(self, kid: str) -> list[str]:  # noqa: ARG002 - a passphrase is kept nowhere
        """Nothing is kept, so nothing is removed."""
        return []

    def _passphrase(self) -> str:
        if self._answer is None:
            answer = self._ask()
            if not answer.reveal():
                raise UsageError("the passphrase is empty")
            self._answer = answer
        return self._answer.reveal()


class FileKey:
    """A random key in a file of its own (0600), which is no better kept than the file is.

    `store_folder` is the folder of the sealed store: a key inside it would travel with what it
    opens, so that is refused with UsageError.
    """

    type = "keyfile"

    def __init__(self, path: Path, *, store_folder: Path) -> None:
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(store_folder)):
            raise UsageError(
                f"the key file {path} would lie beside what it opens",
                hint="choose a place outside the folder of the store: --key-file PATH",
            )
        self._path = path
        self._made = False
        self._before: list[bytes] | None = None

    def ready(self) -> None:
        """Nothing has to be waited for."""

    def create(self, kid: str, data_key: bytes) -> Slot:
        """Make the key file, or use the one that is there, and return the slot it opens.

        A key that is there is another store's, or left from a set-up that did not end: it is
        never replaced.
        """
        key = new_key()
        try:
            files.make_folder(self._path.parent)
            files.create_private(self._path, (_key_text(key) + "\n").encode())
            self._made = True
        except FileExistsError:
            key = self._read()[-1]
        except OSError as error:
            raise self._failure("made", error) from error
        return wrap(data_key, key, self.type, kid)

    def renew(self, kid: str, data_key: bytes) -> Slot:
        """Add a key to the file, and return the slot it opens; the present ones stay in it.

        Whichever store is found after a crash, its key is then there.
        """
        self._before, key = self._read(), new_key()
        self._write([*self._before, key])
        return wrap(data_key, key, self.type, kid)

    def settle(self) -> None:
        """Leave only the newest key in the file."""
        self._before = None
        found = self._read()
        if len(found) > 1:
            self._write(found[-1:])

    def withdraw(self) -> None:
        """Take back the file that the last `create` made, or the key that `renew` added."""
        if self._made:
            self.remove("")
            self._made = False
        if self._before is not None:
            self._write(self._before)
            self._before = None

    def unwrap(self, slot: Slot) -> bytes:
        """Return the data key; raises KeyMissing, Unsafe, or WrongKey."""
        for key in self._read():
            with suppress(WrongKey):
                return unwrap(slot, key)
        raise WrongKey(
            f"the key in {self._path} does not open the store: it is another one, "
            "or the store is damaged"
        )

    def remove(self, kid: str) -> list[str]:  # noqa: ARG002 - the file has one key, whatever its kid
        """Remove the key file; return what was removed."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failure("removed", error) from error
        return [str(self._path)]

    def _write(self, keys: list[bytes]) -> None:
        try:
            files.write_atomic(self._path, "".join(f"{_key_text(it)}\n" for it in keys).encode())
        except OSError as error:
            raise self._failure("written", error) from error

    def _read(self) -> list[bytes]:
        """Return the keys in the file: one, but for a rotation that did not end."""
        try:
            data = files.read_private(self._path, _MAX_KEY_FILE)
        except FileNotFoundError as error:
            raise KeyMissing(f"the key file {self._path} is not there", hint=_ANEW) from error
        except OSError as error:
            raise self._failure("read", error) from error
        text = data.decode("ascii", "replace")
        keys = [key for line in text.removesuffix("\n").split("\n") if (key := _read_key(line))]
        if not keys or len(keys) != text.removesuffix("\n").count("\n") + 1:
            raise WrongKey(f"{self._path} is not a key file of ours")
        return keys

    def _failure(self, what: str, error: OSError) -> StoreError:
        return StoreError(f"the key file {self._path} cannot be {what}: {error.strerror}")


def passphrase_from(descriptor: int) -> Secret:
    """Read a passphrase from a file descriptor (`--passphrase-fd`), to its end.

    Exactly one trailing newline is taken off. Raises UsageError if it cannot be read, is no UTF-8,
    or is longer than 4096 bytes.
    """
    data = b""
    try:
        while len(data) <= _MAX_PASSPHRASE_BYTES and (chunk := os.read(descriptor, 1 << 13)):
            data += chunk
        text = data.decode()
    except OSError as error:
        raise UsageError(f"file descriptor {descriptor}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"file descriptor {descriptor}: a passphrase is UTF-8 text") from None
    if len(data) > _MAX_PASSPHRASE_BYTES:
        raise UsageError(f"file descriptor {descriptor}: the passphrase is too long")
    return Secret(strip_newline(text))


def passphrase_warning(passphrase: Secret) -> str | None:
    """Return what to say about a passphrase that is easy to guess, or None."""
    if len(passphrase.reveal()) >= SHORT_PASSPHRASE:
        return None
    return f"a passphrase under {SHORT_PASSPHRASE} characters is easy to guess"


def _user(kid: str) -> str:
    return f"store:{kid}"


def _key_text(key: bytes) -> str:
    return f"{_KEY_NAME}:{key.hex()}"


def _read_key(text: str) -> bytes | None:
    name, _, key = text.removesuffix("\n").rpartition(":")
    fit = name == _KEY_NAME and len(key) == 2 * KEY_BYTES and _HEXADECIMAL.issuperset(key)
    return bytes.fromhex(key) if fit else None
