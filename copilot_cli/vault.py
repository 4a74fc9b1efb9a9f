"""The secret store as this run sees it: what seals it, and who may be asked to open it.

There are two views of the one store. `store` may wait for a person; `quiet_store` may not, and is
for whoever holds a lock meanwhile: nobody types a passphrase while a hundred processes wait.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import KeyringLocked, StoreError, WrongKey
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.secrets import KeySource, SecretStore


class Vault:
    """Builds the store and its keys, on first use."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._typed: Secret | None = None

    @cached_property
    def kind(self) -> str:
        """What seals the store: the setting, else what the store's own file says, else nothing."""
        if self._app.settings.store:
            return self._app.settings.store
        from copilot_cli.store.secrets import SecretStore

        store = SecretStore(self._app.settings.paths.data_dir, key=self.build_key("keyfile"))
        try:
            slots = store.slots()
        except StoreError:  # told where the store is opened, and no bar to removing it
            slots = []
        return slots[0][0] if slots else "none"

    @cached_property
    def store(self) -> "SecretStore":
        """The secret store, as the settings say it is sealed."""
        kind = self.kind
        return self.build_store(self.build_key("keyfile" if kind == "none" else kind))

    def build_store(self, key: "KeySource") -> "SecretStore":
        """Return the store opened with `key`."""
        from copilot_cli.store.secrets import SecretStore

        return SecretStore(
            self._app.settings.paths.data_dir,
            key=key,
            source=self.build_key,
            now=self._app.effects.now,
        )

    def build_key(
        self,
        kind: str,
        *,
        key_file: Path | None = None,
        ask: Callable[[], Secret] | None = None,
        interactive: bool | None = None,
    ) -> "KeySource":
        """Return the key source of `kind`: keyring, keyring:module.Class, passphrase or keyfile.

        `ask` replaces the usual way to the passphrase.
        """
        from copilot_cli.store import keys

        if kind == "passphrase":
            from copilot_cli.store.sealed import SCRYPT_COST

            cost = self._app.effects.key_cost or SCRYPT_COST
            return keys.PassphraseKey(ask or self.passphrase, cost=cost)
        if kind == "keyfile":
            paths = self._app.settings.paths
            path = key_file or self._app.settings.key_file or paths.key_file
            return keys.FileKey(path, store_folder=paths.secrets_dir)
        from copilot_cli.store.os_keyring import OsKeyring

        return keys.KeyringKey(
            OsKeyring(
                interactive=self._app.streams.person if interactive is None else interactive,
                disabled=self._app.settings.no_keyring,
                setting=kind if kind.startswith("keyring:") else None,
                on_wait=lambda: self._app.streams.notice(
                    "waiting for your keyring to unlock (Ctrl-C to cancel) ..."
                ),
            )
        )

    @cached_property
    def quiet_store(self) -> "SecretStore":
        """The same store, opened without waiting for a person: for what holds a lock meanwhile."""
        kind = "keyfile" if self.kind == "none" else self.kind
        return self.build_store(self.build_key(kind, ask=self.known_passphrase, interactive=False))

    def unlock(self) -> bool:
        """Have the person open the store; False where nobody is there. Raises `StoreError`."""
        if not self._app.streams.person:
            return False
        for left in (2, 1, 0):
            try:
                self.store.subkey("token-cache")
            except WrongKey as error:
                self._typed = None
                if self.kind != "passphrase" or not left:
                    raise
                self._app.prompts.note(error.message)
            else:
                return True
        return False

    def history_key(self) -> bytes:
        """Return the key that seals stored conversations. Raises `StoreError`."""
        self.unlock()
        return self.store.subkey("history")

    def older_history_keys(self) -> tuple[bytes, ...]:
        """Return the keys of conversations that were sealed before a rotation or an import.

        The store is open by then. Raises `StoreError`.
        """
        return self.store.history_keys()[1:]

    @property
    def needs_passphrase(self) -> bool:
        """Whether a person may yet have to type the passphrase of the store."""
        given = self._app.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
        return self.kind == "passphrase" and not given and self._typed is None

    def passphrase(self) -> Secret:
        """Return the passphrase of the store: the variable's, else what the person types.

        Raises `KeyringLocked` (exit 10) where nobody is there to type it.
        """
        if not self._app.streams.person:
            return self.known_passphrase()
        given = self._app.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
        if given:
            return Secret(given)
        self._typed = self._app.prompts.secret(
            "Passphrase of the secret store",
            lambda text: None if text else "it is empty",
            flag="COPILOT_CHAT_PASSPHRASE",
        )
        return self._typed

    def known_passphrase(self) -> Secret:
        """Return the variable's passphrase, else the one that was typed; raise `KeyringLocked`."""
        given = self._app.effects.environ.get("COPILOT_CHAT_PASSPHRASE")
        if given:
            return Secret(given)
        if self._typed is None:
            raise KeyringLocked(
                "the secret store is locked, and nobody is here to type its passphrase",
                hint="set COPILOT_CHAT_PASSPHRASE, or run it on a terminal",
            )
        return self._typed
