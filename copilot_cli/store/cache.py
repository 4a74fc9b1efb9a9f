"""What may be lost: the Copilot token, sealed and shared by all processes, and plain JSON with age.

Rule: whatever cannot be read is a miss, never an error; a cache that cannot be written costs time
and nothing else. A token record is `CCS1 | nonce | AES-256-GCM(JSON)`, bound to host and account;
where it and its key lie is decided by `cache_place` alone (docs/privacy.md).
"""

import hashlib
import hmac
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeGuard

from copilot_cli.errors import LockTimeout, StoreError
from copilot_cli.paths import Paths
from copilot_cli.secret import Secret
from copilot_cli.store import files
from copilot_cli.values import NamedTuple

_MAGIC = b"CCS1"
_TAG = b"copilot-chat/v1/token-cache"
_NONCE = 12
_KEY = 32
_TOKEN_LIMIT = 64 * 1024
_JSON_LIMIT = 8 * 1024 * 1024
_FUTURE = 60.0  # seconds by which a record may seem to come from the future
_KEY_NAME = "token.key"


class CachePlace(NamedTuple):
    """Where one account's token record lies; without `key_file` the secret store gives the key."""

    file: Path
    lock: Path
    key_file: Path | None


class Failure(NamedTuple):
    """A failed exchange that every process heeds until `until`, in seconds since 1970."""

    until: float
    attempts: int
    error: str
    why: str
    hint: str | None
    kind: str


class TokenRecord(NamedTuple):
    """One record; times in seconds since 1970 by this machine's clock, `fp` names the sign-in.

    `bearer`: the GitHub token itself is what Copilot's API takes; it is never part of a record.
    """

    fp: str
    token: Secret | None = None
    obtained: float = 0.0
    exp_local: float = 0.0
    refresh_at: float = 0.0
    api: str = ""
    sku: str | None = None
    fail: Failure | None = None
    bearer: bool = False


def cache_place(
    paths: Paths,
    environ: Mapping[str, str],
    uid: int,
    platform: str,
    *,
    host: str,
    login: str,
    store_key: bool,
) -> CachePlace:
    """Return where the Copilot token of `login` on `host` is kept; nothing is made.

    `store_key`: the GitHub token comes from a store that opens without a person (keyring or key
    file), so the store's subkey can seal the record. On Linux a private XDG_RUNTIME_DIR is better:
    it goes with the login session, and a warm start asks no keyring (117 ms saved).
    """
    name = hashlib.sha256(_framed(host.encode(), login.encode())).hexdigest()[:16]
    folder = paths.cache_dir
    runtime = None if paths.home_given else _private_runtime_dir(environ, uid, platform)
    if runtime is not None:
        home = hashlib.sha256(os.fsencode(paths.data_dir)).hexdigest()[:16]
        folder = runtime / "copilot-chat" / home
    key_file = None if store_key and runtime is None else folder / _KEY_NAME
    return CachePlace(folder / f"token-{name}", folder / f"token-{name}.lock", key_file)


def _private_runtime_dir(environ: Mapping[str, str], uid: int, platform: str) -> Path | None:
    value = environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(value)
    if platform != "linux" or not value or not folder.is_absolute():
        return None
    try:
        found = folder.lstat()
    except (OSError, ValueError):
        return None
    fit = stat.S_ISDIR(found.st_mode) and found.st_uid == uid
    return folder if fit and stat.S_IMODE(found.st_mode) == 0o700 else None


class TokenCache:
    """The sealed record of one account, and the lock that everyone who renews it holds."""

    def __init__(
        self,
        place: CachePlace,
        *,
        host: str,
        login: str,
        subkey: Callable[[], bytes] | None = None,
    ) -> None:
        """`subkey` gives the 32 bytes of the store's `token-cache` key, if `place` has no file."""
        if (place.key_file is None) == (subkey is None):
            raise ValueError("a token cache has either a key file or a subkey")
        self._place = place
        self._subkey = subkey
        self._aad = _framed(_TAG, host.encode(), login.encode())

    @contextmanager
    def lock(self, wait: float) -> Iterator[None]:
        """Hold the account's lock, waiting up to `wait` seconds; raise LockTimeout after that.

        The cache's key exists while the lock is held, unless it cannot be written. Where the folder
        cannot be made nothing can be shared, and so nothing is locked. Raises StoreError if it is
        not ours alone, or cannot lock.
        """
        try:
            files.private_folder(self._place.file.parent)
        except OSError:
            yield
            return
        with files.lock(self._place.lock, wait):
            if self._place.key_file is not None and self._key() is None:
                with suppress(OSError):  # no key: nothing is cached, and everything still works
                    files.write_atomic(self._place.key_file, os.urandom(_KEY))
            yield

    def mac(self, data: bytes) -> bytes | None:
        """Return an HMAC of `data` under the cache's key; None where there is no key yet."""
        key = self._key()
        if key is None:
            return None
        own = hmac.digest(key, b"copilot-chat/v1/fingerprint", "sha256")
        return hmac.digest(own, data, "sha256")

    def read(self) -> TokenRecord | None:
        """Return the record; None if there is none that can be read and belongs to this account.

        What opens the key may raise StoreError: a locked keyring is not a miss.
        """
        try:
            sealed = files.read_private(self._place.file, _TOKEN_LIMIT)
        except (OSError, StoreError):
            return None
        key = self._key()
        return None if key is None else _opened(sealed, key, self._aad)

    def write(self, record: TokenRecord) -> None:
        """Seal and replace the record; where the disk refuses, the old one stands."""
        key = self._key()
        if key is None:
            return
        with suppress(OSError):
            files.write_atomic(self._place.file, _sealed(record, key, self._aad))

    def clear(self, wait: float = 5.0) -> None:
        """Forget the record, for a sign-out; a lock that is not let go does not keep it alive."""
        if not self._place.file.parent.exists():
            return
        try:
            with files.lock(self._place.lock, wait):
                self._place.file.unlink(missing_ok=True)
        except LockTimeout:
            self._place.file.unlink(missing_ok=True)

    def _key(self) -> bytes | None:
        if self._place.key_file is None:
            assert self._subkey is not None
            return self._subkey()
        try:
            key = files.read_private(self._place.key_file, _KEY)
        except (OSError, StoreError):
            return None
        return key if len(key) == _KEY else None


def purge(place: CachePlace) -> None:
    """Remove the records of all accounts, their key and their locks: nobody is signed in any more.

    Raises OSError if something cannot be removed.
    """
    folder = place.file.parent
    for path in [*folder.glob("token-*"), *folder.glob(".token*.tmp"), folder / _KEY_NAME]:
        path.unlink(missing_ok=True)


def read_json(path: Path, max_age: float, now: float) -> object | None:
    """Return what `write_json` put at `path` at most `max_age` seconds before `now`, else None."""
    try:
        found = json.loads(files.read_private(path, _JSON_LIMIT))
    except (OSError, StoreError, ValueError, RecursionError):
        return None
    at = found.get("at") if isinstance(found, dict) else None
    if not is_number(at) or not -_FUTURE <= now - at <= max_age:
        return None
    data: object = found.get("data")
    return data


def write_json(path: Path, data: object, now: float) -> None:
    """Keep `data` with its age; where the disk refuses, the old content stands."""
    with suppress(OSError, StoreError):
        files.private_folder(path.parent)
        files.write_atomic(path, json.dumps({"at": now, "data": data}).encode())


def _framed(*parts: bytes) -> bytes:
    """Join parts so that no two different lists give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _sealed(record: TokenRecord, key: bytes, aad: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    fields = record._asdict()
    fields["token"] = record.token.reveal() if record.token else None
    nonce = os.urandom(_NONCE)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, json.dumps(fields).encode(), aad)


def _opened(sealed: bytes, key: bytes, aad: bytes) -> TokenRecord | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    start = len(_MAGIC) + _NONCE
    if not sealed.startswith(_MAGIC) or len(sealed) <= start:
        return None
    try:
        text = AESGCM(key).decrypt(sealed[len(_MAGIC) : start], sealed[start:], aad)
        return _parsed(json.loads(text))
    except (InvalidTag, ValueError, TypeError, KeyError, RecursionError):
        return None


def _parsed(fields: Mapping[str, object]) -> TokenRecord:
    """Build the record; raise TypeError, KeyError or ValueError if it is not one."""
    token, fail = fields["token"], fields["fail"]
    if fail is not None:
        if not isinstance(fail, list):
            raise TypeError("fail")
        fail = Failure(*fail)
        _check(
            (fail.until, fail.attempts), (fail.error, fail.why, fail.kind), optional=(fail.hint,)
        )
    record = TokenRecord(**{**fields, "token": None, "fail": fail})  # type: ignore[arg-type]
    _check(
        (record.obtained, record.exp_local, record.refresh_at),
        (record.fp, record.api),
        optional=(record.sku, token),
    )
    if not isinstance(record.bearer, bool) or (record.bearer and token is not None):
        raise TypeError("bearer")
    return record._replace(token=Secret(token)) if isinstance(token, str) else record


def _check(
    numbers: tuple[object, ...], texts: tuple[object, ...], optional: tuple[object, ...]
) -> None:
    if not all(is_number(number) for number in numbers):
        raise TypeError("not a number")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not a text")
    if not all(text is None or isinstance(text, str) for text in optional):
        raise TypeError("not a text")


def is_number(value: object) -> TypeGuard[float]:
    """Say whether `value` is a number that a time or a count can be; JSON holds 10**400 as well."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15
