"""Signing out, and leaving no trace: what is removed, in which order, and each line of the account.

Rule: only what this program made is removed, by name. What cannot be removed is an error that names
it, after everything else was tried.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.auth.accounts import ACCOUNT_KIND, Account, all_accounts, meant
from copilot_cli.auth.sources import Source
from copilot_cli.config_file import ConfigFile
from copilot_cli.errors import CopilotChatError, SecretNotFound, StoreError, UsageError
from copilot_cli.runtime.purging import purge as purge_runtimes
from copilot_cli.store.cache import purge
from copilot_cli.store.secrets import HISTORY, EntryName

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.store.secrets import SecretStore

DEFAULT_HOST = "github.com"
_ANYWAY = "`copilot-chat logout --purge` removes it as it is, with everything else"

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
        """Return whom to sign out: everyone (of the host that `--host` names), or who is meant.

        Raises `UsageError` where several are signed in and none is named.
        """
        settings = self._app.settings
        with _hinted():
            found = all_accounts(self._app.vault.store)
        here = tuple(account for account in found if account.host == settings.host)
        if everyone:
            if settings.source("account") == "option":
                raise UsageError(
                    "--all and --account contradict each other", hint="leave one of them out"
                )
            return here if settings.source("host") == "option" else found
        return [meant(settings, here)] if here else []

    def known(self) -> Sequence[Account]:
        """Return who is signed in, on whichever host; nobody where that cannot be read."""
        with suppress(StoreError):  # who leaves need not repair it first
            return all_accounts(self._app.vault.store)
        return ()

    def pages(self, accounts: Sequence[Account]) -> str:
        """Return where the permissions of `accounts` are revoked, or that of the run's host."""
        settings = self._app.settings
        hosts = sorted({account.host for account in accounts}) or [settings.host]
        urls = [settings.github_url or f"https://{host}" for host in hosts]
        return " and ".join(f"{url}/settings/applications" for url in dict.fromkeys(urls))

    def sign_out(self, accounts: Sequence[Account]) -> Iterator[str]:
        """Forget each of `accounts`; yield a line for each thing that is gone.

        The store is opened first: one that does not open is left alone. When nothing else is in it
        the store and its key go too, unless stored conversations are sealed with it. Raises
        `StoreError`.
        """
        store = self._open_store()
        gone = {account.entry for account in accounts}
        rest = [name for name in store.names() if name not in gone]
        stays = self._why_it_stays(rest)
        if stays:
            yield f"the secret store stays: {stays}"
        last = stays is None and all(name.kind == HISTORY for name in rest)
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

    def _open_store(self) -> "SecretStore":
        """Return the store, opened: whether it is damaged shows only then. Raises `StoreError`."""
        vault = self._app.vault
        with _hinted(), suppress(SecretNotFound):
            vault.unlock()
            vault.store.entries()
        return vault.store

    def _why_it_stays(self, rest: Sequence[EntryName]) -> str | None:
        """Return why a store without sign-ins is kept, as a clause; None where it is not."""
        kinds = {name.kind for name in rest}
        if ACCOUNT_KIND in kinds:
            return None
        if kinds - {HISTORY}:
            return "it has the keys of your own endpoints"
        return "its key opens your sealed conversations" if self._any_sealed() else None

    def _any_sealed(self) -> bool:
        found = self._app.settings.paths.conversations.exists()  # looking must not make one
        return found and self._app.sessions.any_sealed()

    def purge(self) -> Iterator[str]:
        """Remove the store whatever its state, settings, conversations, history and caches.

        Yields a line for each. Raises `CopilotChatError` naming what could not be removed.
        """
        for account in self.known():
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
        try:
            for folder in purge_runtimes(self._app.settings.paths.cache_dir):
                yield f"removed {folder}"
        except OSError as error:
            failed.append(f"{error.filename} ({error.strerror})")
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
        """Let the settings no longer name an account that is gone; what else they say stays."""
        path = self._app.settings.paths.config_file
        config = ConfigFile.read(path)
        chosen = config.get("account")
        host = config.get("host") or DEFAULT_HOST
        if isinstance(chosen, str) and any(
            (it.host, it.login.lower()) == (host, chosen.lower()) for it in accounts
        ):
            from copilot_cli.store.toml import unset

            unset(path, "account")

    def _forget_token(self, account: Account) -> None:
        source = Source("stored", "stored", "", user=account.login)
        self._app.access.token_cache(source, host=account.host).clear()


@contextmanager
def _hinted() -> Iterator[None]:
    """Add to whatever is wrong with the store how to be rid of it all the same."""
    try:
        yield
    except StoreError as error:
        error.hint = f"{error.hint}; or {_ANYWAY}" if error.hint else _ANYWAY
        raise
