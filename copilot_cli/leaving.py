"""Signing out, and leaving no trace: what is removed, in which order, and each line of the account.

Rule: only what this program made is removed, by name. What cannot be removed is an error that names
it, after everything else was tried.
"""

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


_CACHE = (
    "token-*",
    "token.key",
    "models.json",
    "models-*.json",
    "quota-warnings.json",
    "wires.json",
)


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

        When the last is forgotten the store and its key go too, unless stored conversations are
        sealed with it.
        """
        store = self._app.vault.store
        last = len(accounts) == len(store.names())
        if last and accounts and self._any_sealed():
            yield "the secret store stays: its key opens your sealed conversations"
            last = False
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

    def _any_sealed(self) -> bool:
        found = self._app.settings.paths.conversations.exists()  # looking must not make one
        return found and self._app.sessions.any_sealed()

    def purge(self) -> Iterator[str]:
        """Remove the store whatever its state, settings, conversations, history and caches.

        Yields a line for each. Raises `CopilotChatError` naming what could not be removed.
        """
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
                path.unlink()
            except FileNotFoundError:
                continue
            except OSError as error:
                failed.append(f"{path} ({error.strerror})")
                continue
            yield f"removed {path}"
        self._remove_empty_folders()
        if failed:
            raise CopilotChatError(f"could not remove {'; '.join(failed)}")

    def _ours(self) -> Iterator[Path]:
        """Yield the files that this program makes, and those it was about to make, by their names.

        The folder may be one that a person shares with other things (`--home`).
        """
        paths = self._app.settings.paths
        made = (
            (paths.data_dir, ("conversations.db*", "conversations.lock", "history", "store.lock")),
            (paths.data_dir, ("trusted.json", "trusted.lock")),
            (paths.config_dir, ("config.toml", "config.lock")),
            (paths.secrets_dir, ("store.json*",)),
            (self._runtime(), _CACHE),
            (paths.cache_dir, _CACHE),
        )
        for folder, names in made:
            for name in names:
                yield from sorted(folder.glob(name))
                yield from sorted(folder.glob(f".{name}.*.tmp"))

    def _remove_empty_folders(self) -> None:
        """Remove the folders that are left empty; one with something else in it is not ours."""
        paths, runtime = self._app.settings.paths, self._runtime()
        folders = [paths.secrets_dir, paths.cache_dir, paths.data_dir, paths.config_dir]
        if runtime != paths.cache_dir:
            folders += [runtime, runtime.parent]
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()

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
