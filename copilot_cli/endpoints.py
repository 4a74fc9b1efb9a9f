"""The person's own endpoints: those of the settings, and the one that variables describe.

Rule: a key is opened for the endpoint that answers, when it is about to, and is kept in the store
under the host it was given for: an address that was edited to another host does not get it.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from copilot_cli.environment import PROVIDER_VARIABLES
from copilot_cli.errors import Corrupt, SettingsError, SignInError, UsageError
from copilot_cli.routing import ENV

if TYPE_CHECKING:
    from copilot_cli.app import App
    from copilot_cli.endpoint_table import Row
    from copilot_cli.engines.endpoint import Endpoint
    from copilot_cli.secret import Secret
    from copilot_cli.store.sealed import EntryName

KIND = "byok"
_SET_UP = "run `copilot-chat onboard --method byok`, or set COPILOT_PROVIDER_BASE_URL"


class Endpoints:
    """Finds an endpoint by name. Everything but `find` opens no key, and nothing sends anything."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._told: set[str] = set()

    def names(self) -> tuple[str, ...]:
        """Return the names of all endpoints: the settings' in their order, then the variables'."""
        names = tuple(self._app.settings.endpoints)
        return (*names, ENV) if self.described else names

    @property
    def described(self) -> bool:
        """Whether variables describe an endpoint."""
        environ = self._app.effects.environ
        return any(environ.get(name, "").strip() for name in PROVIDER_VARIABLES)

    def all(self) -> "tuple[Endpoint, ...]":
        """Return all endpoints without their keys. Raises `SettingsError` for the first bad one."""
        found = [_endpoint(row) for row in self._rows]
        if self._variables is not None:
            found.append(self._variables._replace(key=None, bearer=None))
        return tuple(found)

    def look_up(self, name: str) -> "Endpoint":
        """Return the endpoint `name` without its key. Raises `UsageError` where there is none."""
        found = self.all()
        for endpoint in found:
            if endpoint.name == name:
                return endpoint
        names = ", ".join(endpoint.name for endpoint in found)
        raise UsageError(
            f"there is no endpoint {name!r}", hint=f"there are: {names}" if names else _SET_UP
        )

    def find(self, name: str) -> "Endpoint":
        """Return the endpoint `name` with its key, if one is kept; the person may have to open it.

        Raises `UsageError` for an unknown name, `StoreError` where the key cannot be opened, and
        `SignInError` where the only key of that name is for another host.
        """
        if name == ENV and self._variables is not None:
            return self._variables
        endpoint = self.look_up(name)
        return endpoint._replace(key=self._key(endpoint))

    def default(self) -> str:
        """Return the name of the endpoint that answers where none is named.

        That is the variables', else the one with `default = true`, else the only one. Raises
        `SettingsError` where there is none of these.
        """
        if self.described:
            return ENV
        marked = [row.name for row in self._rows if row.default]
        names = marked or [row.name for row in self._rows]
        if len(names) == 1:
            return names[0]
        if not names:
            raise SettingsError("no endpoint of your own is set up", hint=_SET_UP)
        raise SettingsError(
            f"several endpoints could answer: {', '.join(names)}",
            hint=f"name one: -m {names[0]}/MODEL, or `copilot-chat config set "
            f"endpoints.{names[0]}.default true`",
        )

    def guessed(self, name: str) -> bool:
        """Say whether the type of the endpoint `name` is guessed from its host."""
        if name == ENV:
            from copilot_cli.endpoint_variables import guessed

            return guessed(self._app.effects.environ)
        return any(row.guessed for row in self._rows if row.name == name)

    def _key(self, endpoint: "Endpoint") -> "Secret | None":
        from copilot_cli.secret import Secret

        vault, entry = self._app.vault, entry_name(endpoint)
        kept = [it for it in vault.store.names() if (it.kind, it.user) == (KIND, endpoint.name)]
        if entry not in kept:
            if kept:
                self._keep_back(endpoint, kept[0].host, entry.host)
            return None
        vault.unlock()
        value = vault.store.get(entry).get("key")
        if not isinstance(value, str) or not value:
            raise Corrupt(f"the stored key of {endpoint.name} is none", hint=_SET_UP)
        return Secret(value)

    def _keep_back(self, endpoint: "Endpoint", given: str, now: str) -> None:
        """Say once that the key goes to `given` only; raise where the other host must have one."""
        from copilot_cli import providers

        said = f"the key of {endpoint.name} was given for {given}, and is not sent to {now}"
        hint = f"run `copilot-chat onboard --method byok --name {endpoint.name}`"
        if not providers.is_local(endpoint.base_url):
            raise SignInError(said, hint=hint, kind="not_signed_in")
        if endpoint.name not in self._told:  # on this machine none may be needed
            self._told.add(endpoint.name)
            self._app.streams.notice(f"{said}: {hint}")

    @cached_property
    def _rows(self) -> "tuple[Row, ...]":
        if not self._app.settings.endpoints:
            return ()
        from copilot_cli.config_file import ConfigFile
        from copilot_cli.endpoint_table import read

        return read(ConfigFile.read(self._app.settings.paths.config_file))

    @cached_property
    def _variables(self) -> "Endpoint | None":
        from copilot_cli.endpoint_variables import read

        return read(self._app.effects.environ)


def entry_name(endpoint: "Endpoint") -> "EntryName":
    """Return the name of the store's entry that holds the key of `endpoint`."""
    from copilot_cli import providers
    from copilot_cli.store.sealed import EntryName

    return EntryName(KIND, providers.place(endpoint.base_url), endpoint.name)


def _endpoint(row: "Row") -> "Endpoint":
    from copilot_cli.engines.endpoint import Endpoint

    return Endpoint(
        row.name,
        row.type,
        row.url,
        wire=row.wire,
        api_version=row.api_version,
        headers=row.headers,
        model=row.model,
        where="config.toml",
    )
