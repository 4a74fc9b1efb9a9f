"""The system's keyring: named in code, asked in a daemon thread, believed only when tried.

No discovery: the `keyring` package would load plug-ins, run what `keyringrc.cfg` names and, where
nothing better is found, keep secrets in plain text or nowhere. A service that hangs is abandoned
with its thread, so that the program can still end (an executor would wait for it). No answer in
time means locked, never absent: its unlock dialog may still be open.
"""

import importlib
import os
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol, TypeVar

from copilot_cli.errors import (
    CopilotChatError,
    KeyringLocked,
    KeyringTimeout,
    KeyringUnavailable,
    SettingsError,
)
from copilot_cli.patterns import pattern
from copilot_cli.secret import redact

SERVICE = "copilot-chat"
DEADLINE = 3.0
"""Seconds for one answer where nobody can unlock."""
UNLOCK_DEADLINE = 60.0
"""Seconds for one answer where somebody may have to type a password."""
WAIT_NOTICE = 1.0
"""Seconds after which a person is told what is waited for."""

# What is sealed by it cannot be moved from it while it is locked: the key is inside.
_LOCKED_HINT = (
    "unlock it, and `copilot-chat keys move --to passphrase` does without it from then on; or sign"
    " in anew: copilot-chat onboard --force --store passphrase"
)
_UNAVAILABLE_HINT = (
    "`copilot-chat onboard --store passphrase` does without it, or --store keyfile;"
    " of `keys move` the option is --to"
)
# Keychain: interaction not allowed, authorisation failed (security(1), SecBase.h)
_LOCKED_SIGNS = pattern(r"prompt dismissed|-25308|-25293", re.IGNORECASE)
# keyring's own, secretstorage's two; by name, since neither package may be loaded to know them
_LOCKED_TYPES = frozenset({"KeyringLocked", "LockedException", "PromptDismissedException"})
_REFUSED = frozenset(
    {
        "keyring.backends.null.Keyring",  # succeeds and keeps nothing
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",  # whatever is installed
        "keyrings.alt.file.PlaintextKeyring",
        "keyrings.alt.Windows.RegistryKeyring",
    }
)
_T = TypeVar("_T")


class Backend(Protocol):
    """The three calls of `keyring.backend.KeyringBackend` that are used."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return the secret, or None."""

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Keep the secret."""

    def delete_password(self, service: str, username: str, /) -> None:
        """Forget the secret."""


class Platform(NamedTuple):
    """A platform's own back end and what people call it."""

    backend: str
    title: str


_PLATFORMS = {
    "darwin": Platform("keyring.backends.macOS.Keyring", "Keychain"),
    "win32": Platform("keyring.backends.Windows.WinVaultKeyring", "Credential Manager"),
}
# KWallet answers as Secret Service too
_OTHER = Platform("keyring.backends.SecretService.Keyring", "Secret Service")


class OsKeyring:
    """Reads, writes and removes one short text under a user name; service `copilot-chat`.

    `setting` is the `store` setting; `keyring:module.Class` is the only way to another back end.
    `backend` is an object to use as it is. `interactive` says that somebody can unlock: then
    `on_wait` is called once after a second, and the deadline (seconds, for a whole operation) is a
    minute. `disabled` is `COPILOT_CHAT_NO_KEYRING`.

    Every method raises KeyringLocked, KeyringTimeout or KeyringUnavailable, and nothing else but
    SettingsError for a setting that names nothing fit.
    """

    def __init__(
        self,
        *,
        interactive: bool = False,
        disabled: bool = False,
        setting: str | None = None,
        backend: Backend | None = None,
        on_wait: Callable[[], None] | None = None,
        deadline: float | None = None,
        wait_notice: float = WAIT_NOTICE,
    ) -> None:
        self._disabled = disabled
        named = setting is not None and setting.startswith("keyring:")
        self._path = setting.removeprefix("keyring:") if setting and named else None
        self._backend = backend
        self._on_wait = on_wait if interactive else None
        self._deadline = deadline or (UNLOCK_DEADLINE if interactive else DEADLINE)
        self._wait_notice = wait_notice

    @property
    def title(self) -> str:
        """What people call it: `Secret Service`, `Keychain`, or the class that was set."""
        return _PLATFORMS.get(sys.platform, _OTHER).title if self._path is None else self._path

    @property
    def backend_class(self) -> str:
        """The class that is asked, by its full name."""
        return _PLATFORMS.get(sys.platform, _OTHER).backend if self._path is None else self._path

    def read(self, user: str) -> str | None:
        """Return the text kept for `user`, or None if the keyring says that there is none."""
        return self._ask(lambda backend, _: _get(backend, user))

    def write(self, user: str, text: str) -> None:
        """Keep `text` for `user`, and believe it only after it was read back."""

        def store(backend: Backend, abandoned: threading.Event) -> None:
            _keep(backend, user, text)
            if abandoned.is_set():
                _forget(backend, user)

        self._ask(store)

    def remove(self, user: str) -> bool:
        """Remove what is kept for `user`; return whether there was anything."""
        return self._ask(lambda backend, _: _forget(backend, user))

    def prove(self) -> None:
        """Write, read back and remove a random text: only that tells a keyring from a null one."""
        user, text = f"probe:{os.urandom(8).hex()}", os.urandom(16).hex()

        def probe(backend: Backend, _: threading.Event) -> None:
            _keep(backend, user, text)
            _forget(backend, user)

        self._ask(probe)

    def _ask(self, work: Callable[[Backend, threading.Event], _T]) -> _T:
        """Do `work` in a daemon thread, within the deadline."""
        if self._disabled:
            raise KeyringUnavailable(
                "the keyring is switched off by COPILOT_CHAT_NO_KEYRING", hint=_UNAVAILABLE_HINT
            )
        done, abandoned = threading.Event(), threading.Event()
        results: list[_T] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                results.append(work(self._connect(), abandoned))
            except BaseException as error:  # noqa: BLE001 - back ends raise anything; it is mapped
                failures.append(error)
            finally:
                done.set()

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            self._wait(done)
        except BaseException:  # the time is up, or Ctrl-C: a late success is taken back
            abandoned.set()
            raise
        if failures:
            raise _translate(failures[0], self.title) from failures[0]
        return results[0]

    def _wait(self, done: threading.Event) -> None:
        first = min(self._wait_notice, self._deadline)
        if done.wait(first):
            return
        if self._on_wait:
            self._on_wait()
        if not done.wait(self._deadline - first):
            raise KeyringTimeout(
                f"{self.title} did not answer within {self._deadline:g} s", hint=_LOCKED_HINT
            )

    def _connect(self) -> Backend:
        """Return the back end; its import and its first contact are part of what may hang."""
        if self._backend is None:
            if self._path is None:
                self._backend = _load(self.backend_class)
            else:
                self._backend = _load_chosen(self._path)
        return self._backend


def _load(path: str) -> Backend:
    module, _, name = path.rpartition(".")
    backend_class = getattr(importlib.import_module(module), name)
    ancestors = {f"{base.__module__}.{base.__qualname__}" for base in backend_class.__mro__}
    if ancestors & _REFUSED:
        raise SettingsError(f"store names {path!r}, which does not protect what it keeps")
    # What `viable` asks, without losing the reason: a RuntimeError that says what is missing
    _ = backend_class.priority
    backend: Backend = backend_class()
    return backend


def _load_chosen(path: str) -> Backend:
    try:
        return _load(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"store names {path!r}, which is no keyring class", hint="store = keyring:module.Class"
        ) from error


def _get(backend: Backend, user: str) -> str | None:
    kept = backend.get_password(SERVICE, user)
    if kept is not None and not isinstance(kept, str):
        raise KeyringUnavailable("the keyring gave back something that is no text")
    return kept


def _keep(backend: Backend, user: str, text: str) -> None:
    backend.set_password(SERVICE, user, text)
    try:
        _check_kept(backend, user, text)
    except BaseException:  # whatever it was, it is passed on; what was written goes if it can
        with suppress(Exception):
            _forget(backend, user)
        raise


def _check_kept(backend: Backend, user: str, text: str) -> None:
    if _get(backend, user) != text:
        raise KeyringUnavailable(
            "the keyring did not keep what was written to it", hint=_UNAVAILABLE_HINT
        )


def _forget(backend: Backend, user: str) -> bool:
    if _get(backend, user) is None:
        return False
    backend.delete_password(SERVICE, user)
    return True


def _translate(error: BaseException, title: str) -> CopilotChatError:
    """Make any failure of a back end ours; its text is foreign and may hold what was written."""
    if isinstance(error, CopilotChatError):
        return error
    reason = _reason(error)
    if type(error).__name__ in _LOCKED_TYPES or _LOCKED_SIGNS.search(reason):
        return KeyringLocked(f"{title} is locked", hint=_LOCKED_HINT)
    return KeyringUnavailable(f"no usable keyring: {reason}", hint=_UNAVAILABLE_HINT)


def _reason(error: BaseException) -> str:
    text = re.sub(r"[0-9a-f]{32,}", "****", redact(str(error)))
    text = "".join(char if char.isprintable() else " " for char in text).strip()
    return text[:200] or type(error).__name__
