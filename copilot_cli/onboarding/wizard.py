"""The wizard: sign in, prove it, keep it, pick a model, see a first answer, write the settings.

The order is the point. The store is opened and proven before anybody is sent to GitHub; the secret
is written once the exchange took the token; settings come last. So a failure or Ctrl-C at any step
leaves either nothing or something that works.
"""

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from copilot_cli.auth.accounts import Account
from copilot_cli.auth.sources import Source
from copilot_cli.errors import Interrupted, UsageError
from copilot_cli.model_cache import PATTERN
from copilot_cli.onboarding.byok import COMMANDS, ByokWizard, settings_files
from copilot_cli.onboarding.engine_choice import OFFICIAL, WAYS, EngineChoice
from copilot_cli.onboarding.first_answer import FirstAnswer
from copilot_cli.onboarding.sealing import Sealing, kept_where
from copilot_cli.onboarding.second_run import SecondRun
from copilot_cli.onboarding.signing_in import SignIn, SigningIn
from copilot_cli.routing import GITHUBS
from copilot_cli.runtime.installed import FOLDER

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.chat import Chat
    from copilot_cli.onboarding.answers import Answers

RISK = (
    "copilot-chat speaks to Copilot as an editor does. GitHub offers those endpoints to its own "
    "clients only, and has warned accounts over heavy automated use. Your account, your decision; "
    "docs/risk.md has the whole of it."
)
RISK_OF_GITHUBS = (
    "GitHub's own program asks the model, which is its sanctioned way; heavy automated use is "
    "against its terms either way. copilot-chat signs in and lists the models as an editor does, "
    "which GitHub offers to its own clients only. Your account, your decision; docs/risk.md has "
    "the whole of it."
)
_WIDTH = 79


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
        self._say = app.prompts.note
        self._sealing = Sealing(app, answers)
        self._signing_in = SigningIn(app, answers, found)
        self._engine_choice = EngineChoice(app, answers)
        self._first_answer = FirstAnswer(app, answers, show)
        self._byok = ByokWizard(app, answers, self._sealing, show)

    def run(self) -> None:
        """Go the whole way. Raises a `CopilotChatError` where there is no sign-in at its end."""
        answers, app = self._answers, self._app
        if self._own_endpoint():
            self._byok.run()
            return
        app.check_engine()
        if not answers.force and SecondRun(app).still_good():
            return
        app.settings.env_token()  # one that cannot be sent is told now, not once all is done
        if app.streams.person:
            self._warn()
        method, source = self._signing_in.choose()
        if method == "byok":
            self._byok.run()
            return
        if not app.streams.person:
            self._warn()
        self._engine_choice.run()
        kind, sign_in = self._sign_in(method, source)
        try:
            self._first_answer.run(sign_in)
        except BaseException as stopped:
            # Whatever stops it here, the sign-in works, and says in the settings where it is.
            if kind == "none":
                raise
            self._write_settings(sign_in.login, kind)
            if isinstance(stopped, KeyboardInterrupt | Interrupted):
                said = f"stopped; the sign-in of {sign_in.login} is kept"
                raise Interrupted(said) from None
            raise
        self._write_settings(sign_in.login, kind)
        self._say_what_next(sign_in.login, kept=kind != "none")

    def plan(self) -> list[str]:
        """Return what `run` would write: every file and keyring item, with nothing sent."""
        if self._own_endpoint():
            return self._byok.plan()
        kind, lines = self._sealing.plan("the GitHub token")
        if lines:
            place = self._app.access.cache_place(
                self._host, "-", opens_alone=kind not in {"passphrase", "none"}
            )
            folder = place.file.parent
            lines.append(f"{folder / 'token-*'} (the Copilot token, sealed, and its lock)")
            if place.key_file is not None:
                lines.append(f"{place.key_file} (the key of that)")
        cache = self._app.settings.paths.cache_dir
        lines.append(f"{cache / PATTERN} (the model list)")
        if self._app.settings.engine == OFFICIAL:
            lines.append(f"{cache / FOLDER} (the official runtime, if it is not there)")
        return [*lines, *settings_files(self._app)]

    def _own_endpoint(self) -> bool:
        """Say whether the flags want one's own endpoint. Raises `UsageError` for a mixture."""
        answers, settings = self._answers, self._app.settings
        engine = settings.engine if settings.source("engine") == "option" else None
        flags = [*answers.about_endpoint]
        wanted = answers.method == "byok" or engine == "byok" or bool(flags)
        if wanted and (answers.method not in {None, "byok"} or engine not in {None, "byok"}):
            flag = flags[0] if flags else "--method byok" if engine != "byok" else "--engine byok"
            raise UsageError(f"{flag} is for an endpoint of your own, and the rest is not")
        if wanted and answers.token_stdin:
            raise UsageError(
                "--token-stdin is for a GitHub token", hint="--key-stdin takes the endpoint's key"
            )
        return wanted

    def _warn(self) -> None:
        """Say the risk, once: who was told has the engine in the settings."""
        settings = self._app.settings
        if settings.source("engine") != "config.toml" or settings.engine == "byok":
            person = self._app.streams.person
            asked = RISK_OF_GITHUBS if settings.engine in GITHUBS else RISK
            text = WAYS if self._engine_choice.open else asked
            self._say(f"{text}\n" if person else textwrap.fill(text, _WIDTH))

    def _sign_in(self, method: str, source: Source | None) -> tuple[str, SignIn]:
        """Return what seals the store, and the sign-in that was kept in it."""
        kind, store = self._sealing.open(method)
        try:
            credential = self._signing_in.obtain(method, source)
            sign_in = self._signing_in.prove(credential, method, source)
        except BaseException:
            # Ctrl-C, a refusal, anything: an empty store is not left behind.
            self._sealing.take_back()
            raise
        login, access = sign_in.login, self._app.access
        if store is None:
            access.go_on_with(sign_in.credential.token)
            self._say(f"\nSigned in as {login}. Not stored: this process only.")
            return kind, sign_in
        store.put(Account(self._host, login).entry, sign_in.credential.to_entry())
        self._say(f"\nSigned in as {login}. {kept_where(kind)}")
        settings = self._app.settings
        if settings.source("account") == "option" and _other(settings.account, login):
            self._say(f"Note: that is not {settings.account}, the account of --account.")
        access.adopt(login, kind, self._answers.key_file)
        self._app.access.keep_copilot_token(login, sign_in.copilot)
        return kind, sign_in

    def _write_settings(self, login: str, store_kind: str) -> None:
        from copilot_cli.store.toml import set_values, unset

        settings, chosen = self._app.settings, self._first_answer.chosen
        path = settings.paths.config_file
        # A sign-in is for Copilot, whoever answered before.
        engine = "direct" if settings.engine == "byok" else settings.engine
        values: dict[str | tuple[str, ...], object] = {"engine": engine}
        if store_kind != "none":
            values |= {"store": store_kind, "host": self._host, "account": login}
        if chosen is not None:
            values["model"] = chosen
        if self._answers.client_id is not None:
            values["client_id"] = self._answers.client_id
        if store_kind == "keyfile" and self._answers.key_file is not None:
            values["key_file"] = str(self._answers.key_file.absolute())
        set_values(path, values)
        if chosen is None and self._first_answer.dropped:
            unset(path, "model")

    def _say_what_next(self, login: str, *, kept: bool) -> None:
        variable = self._app.settings.env_token()
        if kept and variable is not None:
            self._say(f"\nNote: {variable.name} is set and will win over this sign-in of {login}.")
        if not kept and self._answers.then_chat:
            return
        if not kept:
            self._say("\nFor later commands set COPILOT_CHAT_TOKEN to the token.")
        self._say(f"\n{'Later' if self._answers.then_chat else 'Next'}:\n{COMMANDS}")

    @property
    def _host(self) -> str:
        return self._app.settings.host


def _other(wanted: str | None, login: str) -> bool:
    return wanted is not None and wanted.lower() != login.lower()
