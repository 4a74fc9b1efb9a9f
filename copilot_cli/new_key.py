"""What a person is asked where a key is to be made: a passphrase, twice; a yes to a key file.

Rule: what was given (a file descriptor, the variable) is not asked for, and where nobody is there
what is missing is a `UsageError` that names how to give it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import Interrupted, UsageError
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    from copilot_cli.app import App

VARIABLE = "COPILOT_CHAT_PASSPHRASE"

_PLACES = {"keyring": "the keyring", "passphrase": "a passphrase", "keyfile": "a key file"}


def opened_by(kind: str) -> str:
    """Return what opens a store of `kind` (as the setting `store` has it), in words."""
    return _PLACES.get(kind.partition(":")[0], kind)


class GivenPassphrase:
    """What comes from the file descriptor of `--passphrase-fd`, read once; None for no option."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._read: Secret | None = None

    def get(self) -> Secret | None:
        """Return it. Raises `UsageError` where it cannot be read."""
        from copilot_cli.store.keys import passphrase_from

        if self._read is None and self._descriptor is not None:
            self._read = passphrase_from(self._descriptor)
        return self._read


def new_passphrase(
    app: "App", given: Callable[[], Secret | None], *, variable: bool = True, what: str = ""
) -> Secret:
    """Return a passphrase for something new: `given`, the variable's, else one typed twice.

    `variable` False leaves the variable to what is sealed already; on a terminal `what` says what
    the passphrase is for. Raises `UsageError` where there is none.
    """
    found = given()
    if found is not None:
        return found
    if variable and app.effects.environ.get(VARIABLE):
        return app.vault.known_passphrase()
    if not app.streams.person:
        ways = "--passphrase-fd N" + (f" or {VARIABLE}" if variable else "")
        raise UsageError(
            f"nobody is there to type a passphrase for {what or 'the new store'}",
            hint=f"give it with {ways}",
        )
    return _typed_twice(app, what)


def _typed_twice(app: "App", what: str) -> Secret:
    from copilot_cli.store import passphrases
    from copilot_cli.store.keys import passphrase_warning

    prompts = app.prompts
    when = f"to open {what}" if what else "when the key is needed"
    prompts.note(
        f"The passphrase is asked for {when}, and kept nowhere.\n"
        f"A good one, made up just now: {passphrases.generate().reveal()}"
    )
    while True:
        first, second = (
            prompts.secret(question, lambda _: None, flag="--passphrase-fd")
            for question in ("Passphrase", "The same again")
        )
        if first == second:
            break
        prompts.note("They differ.")
    if weak := passphrase_warning(first):
        prompts.note(f"Note: {weak}.")
    return first


def confirm_key_file(
    app: "App", path: Path, *, flag: str, what: str = "your GitHub sign-in"
) -> None:
    """Have the person type that a key file is what they want; raise `Interrupted` for a no."""
    warning = f"Anyone who can read {path} and {app.settings.paths.store_file} can use {what}."
    if not app.prompts.typed(warning, "key file", flag=flag):
        raise Interrupted("cancelled, nothing was written")
