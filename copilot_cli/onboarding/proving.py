"""A store made or opened, and proven to work, before anybody is sent to GitHub for a sign-in.

What was there is never lost: a store that cannot be opened is moved aside, and is put back where
the sign-in comes to nothing.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import Corrupt, KeyMissing, StoreError, TooNew, WrongKey
from copilot_cli.new_key import GivenPassphrase, new_passphrase
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers
    from copilot_cli.store.secrets import KeySource, SecretStore


class Proof:
    """One store, sealed by `kind`: keyring, keyring:module.Class, passphrase or keyfile."""

    def __init__(self, app: "App", answers: "Answers", kind: str, sealed: str | None) -> None:
        """`sealed` is what seals the store that is there; None for none, or one past reading."""
        self._app = app
        self._answers = answers
        self._prompts = app.prompts
        self._kind = kind
        self._sealed = sealed
        self._given = GivenPassphrase(answers.passphrase_fd)
        self._made_with: KeySource | None = None  # none of ours to take back, if it was there
        self._aside: Path | None = None
        self._key = self._build_key(self._passphrase if sealed == kind else self._new_passphrase)
        self.store: SecretStore = app.vault.build_store(self._key)

    def run(self) -> None:
        """Open the store, or make it. Raises `StoreError` where neither can be."""
        try:
            if self._sealed == self._kind == "passphrase" and self._by_hand():
                self._app.vault.unlock()  # with three tries
            self._prove(self._key)
        except (Corrupt, KeyMissing, WrongKey, TooNew) as error:
            if not self._may_set_aside(error):
                raise
            self._make_another()

    def _prove(self, key: "KeySource") -> None:
        if self.store.prove():
            self._made_with = key

    def _make_another(self) -> None:
        key = self._build_key(self._new_passphrase)
        key.ready()  # whatever has to be typed or unlocked comes before anything is moved
        self._aside = self.store.set_aside()
        self.store = self._app.vault.build_store(key)
        try:
            self._prove(key)
        except BaseException:
            self._put_back()
            raise
        self._prompts.note(f"The old store is kept as {self._aside}.")

    def take_back(self) -> None:
        """Remove the store if it was made here, with its key, and put back what was there."""
        if self._made_with is None:
            return
        self.store.path.unlink(missing_ok=True)
        try:
            self._made_with.withdraw()
        except StoreError as error:
            self._prompts.note(f"Note: the key made for it is still there: {error.message}.")
        self._put_back()
        with suppress(OSError):  # something else is in it
            self.store.path.parent.rmdir()

    def _put_back(self) -> None:
        if self._aside is not None and not self.store.path.exists():
            self._aside.rename(self.store.path)

    def _may_set_aside(self, error: StoreError) -> bool:
        """Return whether the old store may go: at once if it is past use, else by a yes.

        A passphrase that does not open it may be mistyped, and what it opens is all there.
        """
        if not (isinstance(error, WrongKey) and self._kind == "passphrase"):
            return True
        if self._answers.yes or not self._app.streams.person:
            return self._answers.force
        self._prompts.note(f"{error.message[:1].upper()}{error.message[1:]}.")
        return self._prompts.confirm(
            "Move the old store aside and make a new one?", default=False, flag="--force"
        )

    def _by_hand(self) -> bool:
        return self._answers.passphrase_fd is None and self._app.streams.person

    def _build_key(self, ask: Callable[[], Secret]) -> "KeySource":
        return self._app.vault.build_key(self._kind, key_file=self._answers.key_file, ask=ask)

    def _passphrase(self) -> Secret:
        """Return the passphrase of the store that is there."""
        given = self._given.get()
        if given is not None:
            return given
        return self._app.vault.known_passphrase()  # it has just opened the store

    def _new_passphrase(self) -> Secret:
        """Return the passphrase of a store that is to be made: given, or typed twice."""
        return new_passphrase(self._app, self._given.get)
