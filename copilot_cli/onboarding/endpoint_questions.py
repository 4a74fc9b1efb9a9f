"""What has to be known of an endpoint before anything is sent: its address, type, name, and key."""

from typing import TYPE_CHECKING

from copilot_cli import providers
from copilot_cli.endpoint_variables import github_tokens
from copilot_cli.engines.endpoint import Endpoint, ProviderType
from copilot_cli.errors import Interrupted, UsageError
from copilot_cli.secret import Secret, strip_newline

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.onboarding.answers import Answers

_MOST = 16 * 1024  # bytes of a key on standard input


class EndpointQuestions:
    """Asks what no flag has answered."""

    def __init__(self, app: "App", answers: "Answers") -> None:
        self._app = app
        self._answers = answers
        self._prompts = app.prompts

    def endpoint(self) -> Endpoint:
        """Return the endpoint that is meant, without its key. Raises `UsageError`."""
        url, version, offered = self._address()
        kind = self._type(url)
        return Endpoint(
            self._name(offered or providers.name_for(url), url),
            kind,
            url,
            api_version=version,
            where="config.toml",
        )

    def _address(self) -> tuple[str, str | None, str | None]:
        """Return the address, the API version in it, and the name of a provider that was chosen."""
        given, offered = self.given_address(), None
        if given is None:
            given, offered = self._ask_address()
        url, version = providers.address(given)
        return url, version, offered

    def given_address(self) -> str | None:
        """Return the address of `--endpoint`, None without it. Raises `UsageError`."""
        given = self._answers.endpoint
        if given is not None and (wrong := _address_fault(given)):
            raise UsageError(f"--endpoint: {wrong}")
        return given

    def _ask_address(self) -> tuple[str, str | None]:
        from copilot_cli.ui.prompts import Option

        options = [
            Option(each.name, each.title, each.url or each.example) for each in providers.PROVIDERS
        ]
        taken = self._prompts.choose(
            "Where does your model answer?", options, options[0].value, flag="--endpoint"
        )
        provider = next(each for each in providers.PROVIDERS if each.name == taken)
        if provider.url:
            return provider.url, provider.name
        url = self._prompts.line(
            f"Its address, such as {provider.example}", _address_fault, flag="--endpoint"
        )
        return url, None

    def _type(self, url: str) -> "ProviderType":
        guessed = providers.guess(url)
        if self._answers.type is None:
            self._prompts.note(
                f"{url}: type {guessed}, by its host's name (--type says otherwise)."
            )
            return guessed
        try:
            kind: ProviderType = providers.TYPES.check(self._answers.type)  # type: ignore[assignment]
        except ValueError as error:
            raise UsageError(f"--type: {error}") from error
        return kind

    def _name(self, offered: str, url: str) -> str:
        name = self._answers.name
        if name is None and (self._answers.yes or not self._app.streams.person):
            name = offered
        if name is None:
            name = self._prompts.line("Its name here", providers.name_fault, offered, flag="--name")
        if wrong := providers.name_fault(name):
            raise UsageError(f"--name: {wrong}")
        self._may_replace(name, url)
        return name

    def _may_replace(self, name: str, url: str) -> None:
        """Ask before an endpoint of that name is replaced. Raises `Interrupted` for a no."""
        row = self._app.settings.endpoints.get(name)
        if row is None or self._answers.force:
            return
        if not self._app.streams.person:
            raise UsageError(
                f"there is an endpoint {name} already",
                hint="--force replaces it, --name NAME adds another",
            )
        same = row.get("url") == url
        question = f"Set {name} up anew?" if same else f"Replace {name} ({row.get('url')})?"
        if not self._prompts.confirm(question, default=same, flag="--force"):
            raise Interrupted("stopped, nothing was changed")

    def key(self, endpoint: Endpoint) -> Secret | None:
        """Return the key; None for none, which only an endpoint on this machine may have."""
        if self._answers.key_stdin:
            return self._piped(local=providers.is_local(endpoint.base_url))
        local = providers.is_local(endpoint.base_url)
        if local and (self._answers.yes or not self._app.streams.person):
            return None
        asked = f"The key of {endpoint.name}{', empty for none' if local else ''}"
        key = self._prompts.secret(asked, self._key_fault, flag="--key-stdin", blank=local)
        return key if key.reveal() else None

    def _piped(self, *, local: bool) -> Secret | None:
        piped = self._app.effects.piped_stdin()
        text = "" if piped is None else piped.read(_MOST).decode("utf-8", "replace")
        value = strip_newline(text)
        if local and not value:
            return None
        if wrong := self._key_fault(value):
            raise UsageError(f"--key-stdin: {wrong}", hint="pipe in the key alone, on one line")
        return Secret(value)

    def _key_fault(self, value: str) -> str | None:
        return providers.key_fault(value, github_tokens(self._app.effects.environ))


def _address_fault(text: str) -> str | None:
    try:
        providers.address(text)
    except ValueError as error:
        return str(error)
    return None
