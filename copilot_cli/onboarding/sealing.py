"""Where the key lives: the store is chosen, made or opened, and proven, before anybody signs in.

The ladder goes one way: the keyring; where it is not there, what the person chooses. Nothing goes
down a step by itself, and plain text is no step.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import Interrupted, KeyringUnavailable, StoreError, UsageError
from copilot_cli.new_key import confirm_key_file, opened_by
from copilot_cli.onboarding.proving import Proof

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.store.secrets import SecretStore


_LOST = {"device": "a device login", "byok": "the key of an endpoint"}
"""What there is no other way to bring along the next time."""


class Sealing:
    """Opens the store that a sign-in goes into."""

    def __init__(self, app: "App", answers: "Answers") -> None:
        self._app = app
        self._answers = answers
        self._prompts = app.prompts
        self._proof: Proof | None = None

    def open(self, method: str) -> tuple[str, "SecretStore | None"]:
        """Return the kind of store, and the store, open and proven; None for no store.

        Raises `StoreError` where none can be used, and `UsageError` for a choice that cannot be.
        """
        if self._answers.store == "none":
            if method in _LOST:
                raise UsageError(
                    f"--store none keeps nothing, so {_LOST[method]} would be lost at once",
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

        A store that is there and opens by something else is kept (`UsageError`) unless forced.
        """
        sealed = self._sealed_with()
        implied = self._implied() if sealed is None else None
        wanted = self._answers.store or implied or self._app.settings.store
        if wanted in {None, "none"}:
            return sealed
        if sealed is None or wanted is None or self._answers.force:
            return wanted
        if wanted.partition(":")[0] != sealed:
            use_it = "leave --store out"
            if self._answers.store is None:
                use_it = f"`copilot-chat config set store {sealed}`"
            raise UsageError(
                f"the secret store is there already, sealed with {opened_by(sealed)}",
                hint=f"to use it, {use_it}; --force moves it aside",
            )
        return wanted

    def _implied(self) -> str | None:
        """Return the store that another flag says: a key that is given is what seals a new one."""
        if self._answers.key_file is not None:
            return "keyfile"
        return "passphrase" if self._answers.passphrase_fd is not None else None

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
            instead = "--store none with COPILOT_CHAT_TOKEN"
            if method == "byok":
                instead = "the variables COPILOT_PROVIDER_BASE_URL and COPILOT_PROVIDER_API_KEY"
            raise KeyringUnavailable(
                error.message,
                hint="choose --store passphrase (with COPILOT_CHAT_PASSPHRASE or "
                f"--passphrase-fd N), --store keyfile, or {instead}",
            ) from error
        options = [
            Option("passphrase", "A passphrase", "recommended; asked for when it is needed"),
            Option("keyfile", "A key file", f"whoever can read this disk can use {_yours(method)}"),
        ]
        if method not in _LOST:
            options.append(Option("none", "Do not store it", "use COPILOT_CHAT_TOKEN instead"))
        options.append(Option("cancel", "Cancel"))
        reason = error.message.removeprefix("no usable keyring: ")
        self._prompts.note(f"\nNo usable keyring: {reason}.")
        kind = self._prompts.choose(
            "How should the key be protected?", options, "passphrase", flag="--store"
        )
        if kind == "cancel":
            raise Interrupted("cancelled, nothing was written")
        if kind == "none":
            return "none", None
        if kind == "keyfile":
            confirm_key_file(
                self._app, self.key_file(), flag="--store keyfile", what=_yours(method)
            )
        return kind, self._proven(kind)

    def _proven(self, kind: str) -> "SecretStore":
        if kind.startswith("keyring:"):
            self._prompts.note(f"Note: the key goes to {kind}, which this program does not know.")
        proof = Proof(self._app, self._answers, kind, self._sealed_with())
        proof.run()
        self._proof = proof
        return proof.store

    def plan(self, what: str) -> tuple[str, list[str]]:
        """Return the kind of store that would be used, and each thing it would write.

        `what` is the secret. With no keyring to be asked and nothing chosen, a person will choose.
        Raises `KeyringUnavailable` where the keyring is chosen and must not be asked.
        """
        chosen = self._answers.store or self.wanted()
        kind, paths = chosen or "keyring", self._app.settings.paths
        if kind == "none":
            return kind, []
        lines = [f"{paths.store_file} ({what}, sealed)", f"{paths.store_lock} (its lock, empty)"]
        if self._app.settings.no_keyring and kind.startswith("keyring"):
            if chosen:
                raise KeyringUnavailable(
                    "the keyring is switched off by COPILOT_CHAT_NO_KEYRING",
                    hint="choose --store passphrase or keyfile",
                )
            return "passphrase", [*lines, f"{self.key_file()} (the key, if you choose a key file)"]
        return kind, lines + self.key_items(kind)

    def key_items(self, kind: str) -> list[str]:
        """Return what a store of `kind` keeps its key in, in words."""
        if kind == "keyfile":
            return [f"{self.key_file()} (the key)"]
        if kind.startswith("keyring"):
            return ["keyring item: service copilot-chat, user store:<random id> (the key)"]
        return []

    def take_back(self) -> None:
        """Remove a store that was made for a sign-in which came to nothing, and its key."""
        if self._proof is not None:
            self._proof.take_back()

    def key_file(self) -> Path:
        """Return where a key file lies, or would."""
        settings = self._app.settings
        return self._answers.key_file or settings.key_file or settings.paths.key_file


def _yours(method: str) -> str:
    return "the key of your endpoint" if method == "byok" else "your GitHub sign-in"


def kept_where(kind: str, what: str = "token") -> str:
    """Return the sentence that says how a secret is kept in a store of `kind`."""
    opens = "its key" if what == "token" else "what opens it"
    where = {
        "passphrase": "comes from your passphrase",
        "keyfile": "lies in a file",
    }.get(kind, "is kept in the system's keyring")
    return f"The {what} is sealed on disk; {opens} {where}."
