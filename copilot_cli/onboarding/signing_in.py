"""How one signs in: by device login, a pasted token, or a sign-in found on this machine.

A found one is offered with the place it comes from and is taken only by a yes: the choice in the
menu, or the flag that names it. What cannot work is named with the reason; what GitHub exchanges
for nothing goes to Copilot itself.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_cli.auth.credential import GitHubCredential, fetch_login
from copilot_cli.auth.patience import exchange_patiently
from copilot_cli.auth.sources import Source, token_kind
from copilot_cli.errors import CopilotChatError, SignInError, UsageError
from copilot_cli.secret import Secret, strip_newline, unsendable_position

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers

_KINDS = {"env": "environment", "gh": "gh", "ide": "file"}
_NOT_FOUND = {
    "env": "set COPILOT_CHAT_TOKEN, or sign in with --method device",
    "gh": "run `gh auth login`, or sign in with --method device",
    "ide": "sign in to Copilot in an editor, or use --method device",
}


_ANOTHER = "give a token that is valid, or sign in with --method device"


class SignIn(NamedTuple):
    """A sign-in that GitHub took, before it is kept; `copilot` is what it is good for."""

    credential: GitHubCredential
    copilot: Any
    login: str


class SigningIn:
    """Gets a GitHub token and proves it."""

    def __init__(
        self, app: "App", answers: "Answers", found: Callable[[], Sequence[Source]]
    ) -> None:
        """`found` looks for sign-ins on this machine; called only if that is a question."""
        self._app = app
        self._answers = answers
        self._found = found
        self._prompts = app.prompts

    def choose(self) -> tuple[str, Source | None]:
        """Return the method, and the sign-in that it found. Asks, if no flag says it."""
        answers = self._answers
        if answers.token_stdin and answers.method not in {None, "token"}:
            raise UsageError(
                "--token-stdin goes with --method token only", hint="leave one of them out"
            )
        method = "token" if answers.token_stdin else answers.method
        if method is None and answers.yes:
            method = "device"
        if method is not None:
            return method, self._found_one(method)
        return self._ask_method()

    def _found_one(self, method: str) -> Source | None:
        """Return the sign-in that `--method env|gh|ide` names; the flag is the person's yes."""
        if method not in _KINDS:
            return None
        candidates = [source for source in self._found() if source.kind == _KINDS[method]]
        usable = [source for source in candidates if _problem(source) is None]
        if usable:
            return usable[0]
        if candidates:
            raise SignInError(
                f"the token of {candidates[0].where} cannot be used: {_problem(candidates[0])}",
                hint="sign in with --method device",
                kind="token_kind",
            )
        raise SignInError(f"no sign-in was found for --method {method}", hint=_NOT_FOUND[method])

    def _ask_method(self) -> tuple[str, Source | None]:
        from copilot_cli.ui.prompts import Option

        found = list(self._found()) if self._app.streams.person else []
        options = [Option("device", "Sign in with GitHub", "a code to type in your browser")]
        for number, source in enumerate(found):
            if problem := _problem(source):
                self._prompts.note(f"Found, and of no use: {source.where} ({problem}).")
                continue
            user = f"as {source.user}" if source.user else ""
            options.append(Option(f"found {number}", f"Use {source.where}", user))
        options.append(Option("token", "Paste a token", "ghu_…, gho_… or github_pat_…"))
        options.append(Option("byok", "Bring your own key", "Ollama, OpenRouter, OpenAI, Azure …"))
        chosen = self._prompts.choose(
            "How do you want to sign in?", options, "device", flag="--method"
        )
        if chosen.startswith("found "):
            source = found[int(chosen.removeprefix("found "))]
            return next(name for name, kind in _KINDS.items() if kind == source.kind), source
        return chosen, None

    def obtain(self, method: str, source: Source | None) -> GitHubCredential:
        """Return a GitHub token by `method`. Raises what that way of signing in raises."""
        if source is not None and source.token is not None:
            return GitHubCredential(source.token, self._app.effects.now())
        if method == "token":
            return GitHubCredential(self._given_token(), self._app.effects.now())
        return self._device_login()

    def _given_token(self) -> Secret:
        if self._answers.token_stdin:
            piped = self._app.effects.piped_stdin()
            text = "" if piped is None else piped.read(8192).decode("utf-8", "replace")
            value = strip_newline(text)
            if wrong := _malformed(value):
                raise UsageError(
                    f"--token-stdin: {wrong}", hint="pipe in the token alone, on one line"
                )
            if refused := _refused(value):
                raise SignInError(
                    f"--token-stdin: {refused}",
                    hint="sign in with --method device",
                    kind="token_kind",
                )
            return Secret(value)
        return self._prompts.secret("GitHub token", token_fault, flag="--token-stdin")

    def _device_login(self) -> GitHubCredential:
        from copilot_cli.auth import device
        from copilot_cli.ui import clipboard
        from copilot_cli.ui.device_screen import show_and_wait

        app, settings = self._app, self._app.settings
        base, client_id = settings.login_url(), self._answers.client_id or settings.client_id
        screen = app.device_screen()

        def request() -> device.DeviceCode:
            return device.request_code(
                app.client, base, client_id=client_id, scope=self._answers.scope
            )

        def wait(code: device.DeviceCode, on_poll: Any) -> device.Grant:
            return device.wait_for_grant(
                app.client,
                base,
                code,
                client_id=client_id,
                sleep=app.effects.sleep,
                monotonic=app.effects.monotonic,
                on_poll=on_poll,
            )

        def open_page(address: str) -> bool:
            page = device.opens(address, base)
            return page is not None and app.open_page is not None and app.open_page(page)

        grant = show_and_wait(
            screen,
            request,
            wait,
            open_url=open_page if self._answers.browser and app.open_page else None,
            copy=lambda text: clipboard.copy(
                text, write_terminal=screen.write, environ=app.effects.environ
            ),
        )
        return GitHubCredential.from_grant(grant, client_id=client_id, now=app.effects.now())

    def prove(self, credential: GitHubCredential, method: str, source: Source | None) -> SignIn:
        """Exchange the token that was just got, whatever a variable says, and learn whose it is.

        One that is exchanged for nothing is proven by GitHub's word on its account's plan and host.
        Where GitHub refuses one that the person gave, by `method` or in `source`, the hint of the
        `SignInError` is another way to sign in.
        """
        try:
            return self._proven(credential)
        except SignInError as error:
            if method != "device":
                error.hint = (source.remedy if source else None) or _ANOTHER
            raise

    def _proven(self, credential: GitHubCredential) -> SignIn:
        access, effects = self._app.access, self._app.effects
        copilot = exchange_patiently(
            access.exchange,
            credential.token,
            sleep=self._app.wait,
            monotonic=effects.monotonic,
            retries=self._app.settings.retries,
            tell=self._prompts.note,
        )
        if copilot.bearer:
            self._prompts.note(
                "GitHub exchanges no token of this kind: it goes to Copilot's API itself, "
                "under this program's own name."
            )
        try:
            login = fetch_login(self._app.client, self._app.settings.rest_url(), credential.token)
        except SignInError:
            raise
        except CopilotChatError as error:
            # GitHub took the token, so the sign-in is good; only its name is not known.
            login = "default"
            self._prompts.note(
                f"GitHub did not say whose token this is: {error.message}. "
                'It is called "default" here.'
            )
        return SignIn(credential, copilot, login)


def _problem(source: Source) -> str | None:
    """Return why the sign-in of `source` cannot be kept, as a clause; None if it can."""
    if source.problem is None and source.token and token_kind(source.token).prefix == "ghs_":
        return "it ends with its job, and needs no sign-in: `ask` uses it as it is"
    return source.problem


def token_fault(value: str) -> str | None:
    """Return what is wrong with a token, without a word of it; None where it may work."""
    return _malformed(value) or _refused(value)


def _malformed(value: str) -> str | None:
    if not value.strip():
        return "it is empty"
    position = unsendable_position(value)
    return None if position is None else f"this is no token (position {position})"


def _refused(value: str) -> str | None:
    """Return why a token of this kind cannot be a sign-in that is kept."""
    kind = token_kind(Secret(value))
    if kind.prefix == "ghs_":
        return f"this is {kind.name}: it is taken from COPILOT_GITHUB_TOKEN only"
    return f"this is {kind.name}: {kind.reason}" if kind.reason else None
