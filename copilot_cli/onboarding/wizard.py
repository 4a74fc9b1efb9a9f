"""The wizard: sign in, prove it, keep it, pick a model, see a first answer, write the settings.

The order is the point. The store is opened and proven before anybody is sent to GitHub; the secret
is written once the exchange took the token; settings come last. So a failure or Ctrl-C at any step
leaves either nothing or something that works.
"""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copilot_cli.auth.accounts import Account, choose_account, stored_accounts
from copilot_cli.auth.sources import Source
from copilot_cli.errors import NetworkError, ServiceError, SignInError, StoreError, UsageError
from copilot_cli.onboarding.first_answer import FirstAnswer
from copilot_cli.onboarding.sealing import Sealing, kept_where
from copilot_cli.onboarding.signing_in import SigningIn

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.onboarding.answers import Answers

RISK = (
    "copilot-chat speaks to Copilot as an editor does. GitHub offers those endpoints to its own\n"
    "clients only, and has warned accounts over heavy automated use. Your account, your decision;\n"
    "docs/risk.md has the whole of it."
)


class Wizard:
    """One run of `onboard`."""

    def __init__(
        self,
        app: "App",
        answers: "Answers",
        *,
        show: "Callable[[Chat, str], None]",
        found: Callable[[], Sequence[Source]],
    ) -> None:
        """`show` prints the first answer and returns when it is whole; `found` looks for sign-ins
        on this machine, and is called only if that is a question.
        """
        self._app = app
        self._answers = answers
        self._prompts = app.prompts
        self._sealing = Sealing(app, answers)
        self._signing_in = SigningIn(app, answers, found)
        self._first_answer = FirstAnswer(app, answers, show)

    def run(self) -> None:
        """Go the whole way. Raises a `CopilotChatError` where there is no sign-in at its end."""
        if not self._answers.force and not self._answers.names_sign_in and self._still_good():
            return
        if self._app.streams.person:
            self._say(RISK)
        method, source = self._signing_in.choose()
        if not self._app.streams.person:
            self._say(RISK)
        kind, store = self._sealing.open(method)
        try:
            credential = self._signing_in.obtain(method, source)
            sign_in = self._signing_in.prove(credential)
        except BaseException:
            # Ctrl-C, a refusal, anything: an empty store is not left behind.
            if store is not None:
                self._sealing.take_back(store)
            raise
        if store is not None:
            store.put(Account(self._host, sign_in.login).entry, credential.to_entry())
            self._app.access.adopt(sign_in.login, kind, self._answers.key_file)
            self._app.access.keep_copilot_token(sign_in.login, sign_in.copilot)
            self._say(f"Signed in as {sign_in.login}. {kept_where(kind)}")
        else:
            self._say(f"Signed in as {sign_in.login}. Not stored: this process only.")
        model = self._first_answer.model(sign_in.copilot)
        self._write_settings(sign_in.login, kind, model, kept=store is not None)
        self._say_what_next(sign_in.login, kept=store is not None)

    def plan(self) -> list[str]:
        """Return what `run` would write: every file and keyring item, with nothing sent."""
        paths = self._app.settings.paths
        kind = self._answers.store or self._app.settings.store or "keyring"
        lines = []
        if kind != "none":
            lines = [f"{paths.store_file} (the GitHub token, sealed)", str(paths.store_lock)]
        if kind == "keyfile":
            lines.append(f"{self._sealing.key_file()} (the key)")
        if kind.startswith("keyring"):
            lines.append("keyring item: service copilot-chat, user store:<random id> (the key)")
        place = self._app.access.cache_place(self._host, "-", opens_alone=kind != "passphrase")
        lines.append(f"{place.file.parent}{os.sep} (the Copilot token, sealed; the model list)")
        lines.append(f"{paths.config_file} (the settings)")
        return lines

    def _still_good(self) -> bool:
        """Return whether a stored sign-in needs nothing; say what was checked."""
        app = self._app
        sources = (app.access.resolved.source, *app.access.resolved.hidden)
        if not any(source is not None and source.kind == "stored" for source in sources):
            return False
        try:
            account = self._stored_account()
            app.access.exchange(app.access.github_token(app.access.stored_login(account)))
        except (NetworkError, ServiceError) as error:
            self._say(f"Already signed in as {account.login} (not checked: {error.message}).")
            return True
        except (SignInError, StoreError, UsageError) as error:
            self._say(f"The stored sign-in does not work any more: {error.message}.")
            return False
        self._say(
            f"Already signed in as {account.login} on {account.host}; GitHub accepts it. "
            "Nothing was changed (--force starts anew)."
        )
        return True

    def _stored_account(self) -> Account:
        accounts = stored_accounts(self._app.vault.store, self._host)
        return choose_account(accounts, self._app.settings.account, self._host)

    def _write_settings(
        self, login: str, store_kind: str, model: str | None, *, kept: bool
    ) -> None:
        from copilot_cli.store.toml import set_values, unset

        settings = self._app.settings
        path = settings.paths.config_file
        values: dict[Any, object] = {"store": store_kind}
        if kept:
            values |= {"host": self._host, "account": login}
        if model is not None:
            values["model"] = model
        if self._answers.client_id is not None:
            values["client_id"] = self._answers.client_id
        if store_kind == "keyfile" and self._answers.key_file is not None:
            values["key_file"] = str(self._answers.key_file.absolute())
        set_values(path, values)
        if model is None and settings.source("model") == "config.toml":
            unset(path, "model")

    def _say_what_next(self, login: str, *, kept: bool) -> None:
        variable = self._app.settings.env_token()
        if variable is not None and kept:
            self._say(f"Note: {variable.name} is set and will win over this sign-in of {login}.")
        self._say(
            "\nNext:\n"
            "  copilot-chat                     chat\n"
            "  copilot-chat ask 'a question'    one answer, also in a pipe\n"
            "  copilot-chat status              who is signed in, and what is kept where"
        )

    @property
    def _host(self) -> str:
        return self._app.settings.host

    def _say(self, text: str) -> None:
        self._prompts.note(text)
