"""Signing out, and leaving no trace: what is removed, in which order, and each line of the account.

Rule: only what this program made is removed, by name. What cannot be removed is an error that names
it, after everything else was tried.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.auth.accounts import Account, choose_account, stored_accounts
from copilot_cli.auth.sources import Source
from copilot_cli.errors import CopilotChatError, SecretNotFound, StoreError
from copilot_cli.store.cache import purge

if TYPE_CHECKING:
    from copilot_cli.app import App


class Leaving:
    """Forgets sign-ins of `app`, and everything else if that is wanted."""

    def __init__(self, app: "App") -> None:
        self._app = app

    def accounts(self, *, everyone: bool) -> Sequence[Account]:
        """Return whom to sign out: everyone, or the account that is meant.

        Raises `UsageError` where several are signed in and none is named.
        """
        store, settings = self._app.vault.store, self._app.settings
        if everyone:
            return [Account(name.host, name.user) for name in store.names()]
        found = stored_accounts(store, settings.host)
        if not found:
            return []
        return [choose_account(found, settings.account, settings.host)]

    def sign_out(self, accounts: Sequence[Account]) -> Iterator[str]:
        """Forget each of `accounts`; yield a line for each thing that is gone.

        When the last is forgotten the store and its key go too.
        """
        store = self._app.vault.store
        last = len(accounts) == len(store.names())
        for account in accounts:
            if not last:
                with suppress(SecretNotFound):
                    store.delete(account.entry)
            self._forget_token(account)
            yield f"signed out {account.login} of {account.host}"
        if last and store.exists():
            for what in store.purge():
                yield f"removed {what}"
            purge(self._app.access.cache_place("-", "-", opens_alone=True))
        self._forget_choice(accounts)

    def purge(self) -> Iterator[str]:
        """Remove the store whatever its state, settings, conversations, history and caches.

        Yields a line for each. Raises `CopilotChatError` naming what could not be removed.
        """
        paths = self._app.settings.paths
        with suppress(StoreError):  # who leaves need not repair it first
            for account in self.accounts(everyone=True):
                yield f"signed out {account.login} of {account.host}"
        self._app.close()
        failed: list[str] = []
        try:
            for what in self._app.vault.store.purge():
                yield f"removed {what}"
        except CopilotChatError as error:
            failed.append(error.message)
        for path in self._ours():
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                failed.append(f"{path} ({error.strerror})")
                continue
            yield f"removed {path}"
        folders = {paths.config_dir, paths.data_dir, paths.cache_dir}
        if self._runtime() != paths.cache_dir:
            folders.add(self._runtime().parent)
        for folder in folders:
            # A folder with something else in it is not ours to remove.
            with suppress(OSError):
                folder.rmdir()
        if failed:
            raise CopilotChatError(f"could not remove {'; '.join(failed)}")

    def _ours(self) -> Iterator[Path]:
        paths = self._app.settings.paths
        yield from sorted(paths.conversations.parent.glob(paths.conversations.stem + ".*"))
        yield paths.history
        yield paths.store_lock
        yield from sorted(paths.config_dir.glob(paths.config_file.stem + ".*"))
        yield from sorted(paths.secrets_dir.glob("store.json*"))
        yield paths.cache_dir
        if self._runtime() != paths.cache_dir:
            yield self._runtime()

    def _runtime(self) -> Path:
        """Return the folder of the Copilot tokens: on Linux that of the login session."""
        return self._app.access.cache_place("-", "-", opens_alone=False).file.parent

    def _forget_choice(self, accounts: Sequence[Account]) -> None:
        """Let the settings no longer name an account that is gone."""
        settings = self._app.settings
        chosen = (settings.account or "").lower()
        if settings.source("account") == "config.toml" and any(
            account.login.lower() == chosen for account in accounts
        ):
            from copilot_cli.store.toml import unset

            unset(settings.paths.config_file, "account")

    def _forget_token(self, account: Account) -> None:
        source = Source("stored", "stored", "", user=account.login)
        self._app.access.token_cache(source, host=account.host).clear()
