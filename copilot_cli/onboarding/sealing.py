"""Where the key lives: the store is chosen, made or opened, and proven, before anybody signs in.

The ladder goes one way: the keyring; where it is not there, what the person chooses. Nothing goes
down a step by itself, and plain text is no step.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import (
    Corrupt,
    Interrupted,
    KeyMissing,
    KeyringUnavailable,
    StoreError,
    TooNew,
    UsageError,
    WrongKey,
)
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.store.secrets import KeySource, SecretStore


_SEALED = {"passphrase": "a passphrase", "keyfile": "a key file", "keyring": "the keyring"}


class Sealing:
    """Opens the store that a sign-in goes into."""

    def __init__(self, app: "App", answers: "Answers") -> None:
        self._app = app
        self._answers = answers
        self._prompts = app.prompts
        self._made = False
        self._key_file_was_there = False

    def open(self, method: str) -> tuple[str, "SecretStore | None"]:
        """Return the kind of store, and the store, open and proven; None for no store.

        Raises `StoreError` where none can be used, and `UsageError` for a choice that cannot be.
        """
        if self._answers.store == "none":
            if method == "device":
                raise UsageError(
                    "--store none keeps nothing, so a device login would be lost at once",
                    hint="choose --store keyring, passphrase or keyfile",
                )
            return "none", None
        wanted = self.wanted()
        if wanted is not None:
            return wanted, self._proven(wanted)
        try:
            return "keyring", self._proven("keyring")
        except KeyringUnavailable as error:
            return self._ask_store(error, method)

    def wanted(self) -> str | None:
        """Return what is to seal the store: the flag, the setting, what seals it now; else None.

        A store that is there and opens by something else is kept: `UsageError`.
        """
        sealed = self._sealed_with()
        wanted = self._answers.store or self._app.settings.store
        if wanted in {None, "none"}:
            return sealed
        if sealed is not None and wanted is not None and wanted.partition(":")[0] != sealed:
            raise UsageError(
                f"the secret store is there already, sealed with {_SEALED.get(sealed, sealed)}",
                hint="leave --store out to use it, or `copilot-chat logout --all` first",
            )
        return wanted

    def _sealed_with(self) -> str | None:
        """Return what seals the store that is there; None for none, and for one past reading."""
        store = self._app.vault.build_store(self._app.vault.build_key("keyfile"))
        try:
            slots = store.slots()
        except StoreError:
            return None
        return slots[0][0] if slots else None

    def _ask_store(self, error: StoreError, method: str) -> tuple[str, "SecretStore | None"]:
        from copilot_cli.ui.prompts import Option

        if not self._app.streams.person or self._answers.yes:
            raise KeyringUnavailable(
                error.message,
                hint="choose --store passphrase (with COPILOT_CHAT_PASSPHRASE or "
                "--passphrase-fd N), --store keyfile, or --store none with COPILOT_CHAT_TOKEN",
            ) from error
        options = [
            Option("passphrase", "A passphrase", "recommended; asked for when it is needed"),
            Option("keyfile", "A key file", "whoever can read this disk can use your sign-in"),
        ]
        if method != "device":
            options.append(Option("none", "Do not store it", "use COPILOT_CHAT_TOKEN instead"))
        options.append(Option("cancel", "Cancel"))
        self._prompts.note(f"\nNo usable keyring: {error.message}.")
        kind = self._prompts.choose(
            "How should the key be protected?", options, "passphrase", flag="--store"
        )
        if kind == "cancel":
            raise Interrupted("cancelled, nothing was written")
        if kind == "none":
            return "none", None
        if kind == "keyfile":
            self._confirm_key_file()
        return kind, self._proven(kind)

    def _confirm_key_file(self) -> None:
        warning = (
            f"Anyone who can read {self.key_file()} and {self._app.settings.paths.store_file} "
            "can use your GitHub sign-in."
        )
        if not self._prompts.typed(warning, "key file", flag="--store keyfile"):
            raise Interrupted("cancelled, nothing was written")

    def _proven(self, kind: str) -> "SecretStore":
        """Return the store sealed by `kind`, made or opened. A damaged one is moved aside first."""
        if kind.startswith("keyring:"):
            self._prompts.note(f"Note: the key goes to {kind}, which this program does not know.")
        self._key_file_was_there = self.key_file().exists()
        store = self._app.vault.build_store(self._key(kind))
        try:
            if self._asks_for_known_passphrase(kind, store):
                self._app.vault.unlock()
            self._made = store.prove()
        except (Corrupt, KeyMissing, WrongKey, TooNew) as error:
            if not self._may_set_aside(error):
                raise
            aside = store.set_aside()
            self._prompts.note(f"The old store is kept as {aside}.")
            store = self._app.vault.build_store(self._key(kind))
            self._made = store.prove()
        return store

    def _asks_for_known_passphrase(self, kind: str, store: "SecretStore") -> bool:
        """Whether a person has to open a store by its passphrase: with three tries, not one."""
        by_hand = self._answers.passphrase_fd is None and self._app.streams.person
        return kind == "passphrase" and by_hand and store.exists()

    def key_items(self, kind: str) -> list[str]:
        """Return what a store of `kind` keeps its key in, in words."""
        if kind == "keyfile":
            return [f"{self.key_file()} (the key)"]
        if kind.startswith("keyring"):
            return ["keyring item: service copilot-chat, user store:<random id> (the key)"]
        return []

    def take_back(self, store: "SecretStore") -> None:
        """Remove a store that was made for a sign-in which came to nothing, and its key."""
        if not self._made:
            return
        if store.slots()[0][0] == "keyfile" and self._key_file_was_there:
            store.path.unlink(missing_ok=True)  # the key may seal something else too
        else:
            store.purge()

    def _may_set_aside(self, error: StoreError) -> bool:
        if self._answers.yes or not self._app.streams.person:
            return self._answers.force
        self._prompts.note(_sentence(error.message))
        return self._prompts.confirm(
            "Move the old store aside and make a new one?", default=False, flag="--force"
        )

    def _key(self, kind: str) -> "KeySource":
        ask: Callable[[], Secret] | None = None
        if kind == "passphrase":
            ask = self._passphrase
        return self._app.vault.build_key(kind, key_file=self._answers.key_file, ask=ask)

    def _passphrase(self) -> Secret:
        from copilot_cli.store.keys import passphrase_from, passphrase_warning

        if self._answers.passphrase_fd is not None:
            return passphrase_from(self._answers.passphrase_fd)
        if self._app.effects.environ.get("COPILOT_CHAT_PASSPHRASE") or not self._app.streams.person:
            return self._app.vault.passphrase()
        if self._app.vault.store.exists():
            return self._app.vault.known_passphrase()  # it has just opened the store
        return self._new_passphrase(passphrase_warning)

    def _new_passphrase(self, warning: Callable[[Secret], str | None]) -> Secret:
        from copilot_cli.store import passphrases

        self._prompts.note(
            "The passphrase is asked for when the key is needed, and kept nowhere.\n"
            f"A good one, made up just now: {passphrases.generate().reveal()}"
        )
        while True:
            first = self._prompts.secret(
                "Passphrase", lambda text: None if text else "it is empty", flag="--passphrase-fd"
            )
            again = self._prompts.secret(
                "The same again", lambda text: None if text else "it is empty", flag="--store"
            )
            if first == again:
                break
            self._prompts.note("They differ.")
        if weak := warning(first):
            self._prompts.note(f"Note: {weak}.")
        return first

    def key_file(self) -> Path:
        """Return where a key file lies, or would."""
        settings = self._app.settings
        return self._answers.key_file or settings.key_file or settings.paths.key_file


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def kept_where(kind: str) -> str:
    """Return the sentence that says how a token is kept in a store of `kind`."""
    where = {
        "passphrase": "its key comes from your passphrase",
        "keyfile": "its key lies in a file",
    }.get(kind, "its key is kept in the system's keyring")
    return f"The token is sealed on disk; {where}."
