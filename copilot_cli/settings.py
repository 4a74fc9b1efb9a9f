"""The settings: one table, read once into an immutable value that knows each value's source.

Order of precedence: option, environment, the folder's `.copilot-chat.toml` where the person agreed
to it, `config.toml`, default. A blank variable is an unset one.
`docs/environment.md` is made from `SETTINGS`. A value that cannot be used is a SettingsError that
names the option, the variable, or the file with its line, and never repeats the value.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from copilot_cli import kinds
from copilot_cli.config_file import ConfigFile
from copilot_cli.environment import (
    EXTRA_HEADERS_VARIABLE,
    EnvToken,
    first_token,
    parse_extra_headers,
    switched_on,
)
from copilot_cli.errors import SettingsError
from copilot_cli.kinds import Kind
from copilot_cli.paths import Folders, Paths, locate, platform_folders
from copilot_cli.values import NamedTuple

TOKEN_VARIABLES = ("COPILOT_CHAT_TOKEN", "COPILOT_GITHUB_TOKEN", "GITHUB_COPILOT_TOKEN")
LATE_TOKEN_VARIABLES = ("GH_TOKEN", "GITHUB_TOKEN")
GITHUB_URL = "COPILOT_CHAT_GITHUB_URL"
LEGACY = "GITHUB_COPILOT_LEGACY"
"""The switch that means the engine `cli`; off, it says nothing."""

FOLDER_SOURCE = "folder .copilot-chat.toml"
DEFAULT_CLIENT_ID = "Iv1.b507a08c87ecfe98"  # the editor's public client id (docs/risk.md)
IDENTITY = ("editor_version", "editor_plugin_version", "user_agent", "integration_id")


class Setting(NamedTuple):
    """One row: the key in `config.toml`, how it is read, and its variables in order."""

    name: str
    kind: Kind
    default: object
    variables: tuple[str, ...]
    meaning: str

    @property
    def field(self) -> str:
        """The attribute of `Settings` that holds the value."""
        return self.name.replace("ui.", "")


_MODEL_VARIABLES = ("COPILOT_CHAT_MODEL", "GITHUB_COPILOT_MODEL", "COPILOT_MODEL", "GITHUB_MODEL")

# fmt: off
SETTINGS: tuple[Setting, ...] = (
    Setting("host", kinds.HOST, "github.com", ("COPILOT_GH_HOST", "GH_HOST"),
            "The GitHub to sign in to: github.com or a company's own SUBDOMAIN.ghe.com."),
    Setting("account", kinds.TEXT, None, ("COPILOT_CHAT_ACCOUNT",),
            "The account to use where several are signed in."),
    Setting("model", kinds.TEXT, None, _MODEL_VARIABLES,
            "The model that answers; unset: the service's default."),
    Setting("role", kinds.TEXT, None, (),
            "The role of `ask` and `repl`, see docs/roles.md; unset: none."),
    Setting("engine", kinds.words("direct", "official", "byok", "cli"), "direct",
            ("COPILOT_CHAT_ENGINE", LEGACY),
            "What answers a turn: Copilot directly, by GitHub's runtime (official) or command"
            f" (cli), or an endpoint of your own (byok). {LEGACY}=true: cli."),
    Setting("store", kinds.STORE, None, (),
            "What seals the secrets; `onboard` writes it."),
    Setting("key_file", kinds.PATH, None, (),
            'The key file of `store = "keyfile"`; unset: `key` in the settings folder.'),
    Setting("render", kinds.words("auto", "always", "never"), "auto", (),
            "Whether answers are rendered as Markdown; auto: on a terminal."),
    Setting("color", kinds.words("auto", "always", "never"), "auto", ("NO_COLOR", "FORCE_COLOR"),
            "Whether colour is used; auto: on a terminal. NO_COLOR: never. FORCE_COLOR: always."),
    Setting("effort", kinds.TEXT, None, (),
            "How much a reasoning model thinks, in the model's own levels."),
    Setting("retries", kinds.whole(0, 10), 3, (),
            "How often a request is sent again as long as no text was shown."),
    Setting("timeout_idle", kinds.number(0, 86_400), 300.0, (),
            "Seconds of silence after which an answer counts as stalled."),
    Setting("meter", kinds.words("auto", "on", "off"), "auto", (),
            "The line with tokens, time and price after a turn; auto: on a terminal."),
    Setting("theme", kinds.words("auto", "light", "dark"), "auto", (),
            "The colours of highlighted code."),
    Setting("thinking", kinds.words("folded", "shown", "hidden"), "folded", (),
            "What a model thinks aloud: shown until the answer starts, for good, or not at all."),
    Setting("keys", kinds.words("emacs", "vi"), "emacs", (),
            "The keys of the chat's input line."),
    Setting("history_sealed", kinds.SWITCH, default=False, variables=(),
            meaning="Whether stored conversations are sealed with a key of the secret store."),
    Setting("history_days", kinds.whole(1, 36_500), None, (),
            "Days after which a conversation that nobody wrote to is deleted; unset: never."),
    Setting("failover", kinds.NAMES, (), (),
            "Models, endpoints or engines to ask in turn where one is down or limited."),
    Setting("max_credits", kinds.number(0, 1_000_000), None, (),
            "The most one command may cost, in the unit the plan bills."),
    Setting("editor_identity", kinds.table(*IDENTITY), MappingProxyType({}), (),
            f"Identity headers to send in place of the usual ones: {', '.join(IDENTITY)}."),
    Setting("client_id", kinds.TEXT, DEFAULT_CLIENT_ID, (),
            "The OAuth client id of the device sign-in."),
    Setting("github_url", kinds.URL, None, (GITHUB_URL,),
            "Where people sign in, for tests and unusual networks."),
    Setting("github_api_url", kinds.URL, None, ("COPILOT_CHAT_GITHUB_API_URL",),
            "GitHub's REST API, for tests and unusual networks."),
    Setting("copilot_api_url", kinds.URL, None, ("COPILOT_CHAT_COPILOT_API_URL",),
            "Copilot's API, for tests and unusual networks; unset: what the sign-in says."),
    Setting("ui.plain", kinds.SWITCH, default=False, variables=(),
            meaning="Numbered lists and typed lines in place of menus, as for a screen reader."),
)
# fmt: on
TABLES = ("accounts", "endpoints")  # tables of tables that other parts of the program own


class Settings(NamedTuple):
    """Everything that can be set, for one run; see `SETTINGS` for the meaning of each."""

    host: str
    account: str | None
    model: str | None
    role: str | None
    engine: str
    store: str | None
    key_file: Path | None
    render: str
    color: str
    effort: str | None
    retries: int
    timeout_idle: float
    meter: str
    theme: str
    thinking: str
    keys: str
    history_sealed: bool
    history_days: int | None
    failover: tuple[str, ...]
    max_credits: float | None
    editor_identity: Mapping[str, str]
    client_id: str
    github_url: str | None
    github_api_url: str | None
    copilot_api_url: str | None
    plain: bool
    accounts: Mapping[str, Mapping[str, object]]
    endpoints: Mapping[str, Mapping[str, object]]
    paths: Paths
    environ: Mapping[str, str]
    sources: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Settings({self.paths.config_file})"  # the environment may hold tokens

    @classmethod
    def load(
        cls,
        options: Mapping[str, str | None],
        environ: Mapping[str, str],
        *,
        folder: Mapping[str, str] = MappingProxyType({}),
        platform_dirs: Callable[[], Folders] = platform_folders,
    ) -> "Settings":
        """Read every layer; raise SettingsError (exit 2) at the first value that cannot be used.

        `options` has the settings' names as keys, and `home`; None means not given. `folder` is
        what the folder one is in sets, checked and agreed to.
        """
        paths = locate(options.get("home"), environ, platform_dirs)
        config = ConfigFile.read(paths.config_file)
        _refuse_secrets(config)
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for setting in SETTINGS:
            value, source = _resolve(setting, options, environ, folder, config)
            values[setting.field] = value
            sources[setting.name] = source
        settings = cls(
            **values,
            accounts=config.table("accounts"),
            endpoints=config.table("endpoints"),
            paths=paths,
            environ=environ,
            sources=MappingProxyType(sources),
        )
        check_host(settings.host, settings.github_url)
        return settings

    def source(self, name: str) -> str:
        """Say where the value of setting `name` comes from."""
        return self.sources[name]

    def said_now(self, name: str) -> bool:
        """Say whether an option or a variable sets `name` for this run, and not a file."""
        return self.sources[name].startswith(("option", "environment"))

    def login_url(self) -> str:
        """Return the address of the web site that signs people in, without a slash at its end."""
        return self.github_url or f"https://{self.host}"

    def rest_url(self) -> str:
        """Return the address of GitHub's REST API, without a slash at its end."""
        if self.github_api_url:
            return self.github_api_url
        return "https://api.github.com" if self.host == "github.com" else f"https://api.{self.host}"

    def copilot_api(self) -> str | None:
        """Return the address of Copilot's API if it was set by hand, without a slash at its end."""
        return self.copilot_api_url

    @property
    def offline(self) -> bool:
        """Whether COPILOT_OFFLINE forbids every request but those to this machine."""
        return switched_on("COPILOT_OFFLINE", self.environ)

    @property
    def no_keyring(self) -> bool:
        """Whether COPILOT_CHAT_NO_KEYRING forbids asking the system's keyring."""
        return switched_on("COPILOT_CHAT_NO_KEYRING", self.environ)

    @property
    def extra_headers(self) -> Mapping[str, str]:
        """The headers of GITHUB_COPILOT_EXTRA_HEADERS; SettingsError where it is malformed."""
        return parse_extra_headers(self.environ.get(EXTRA_HEADERS_VARIABLE, ""))

    def env_token(self) -> EnvToken | None:
        """Return the token that wins over a stored one; SettingsError where it is malformed."""
        return first_token(TOKEN_VARIABLES, self.environ)

    def late_env_token(self) -> EnvToken | None:
        """Return the token to use only where nothing is stored for the host."""
        return first_token(LATE_TOKEN_VARIABLES, self.environ)


def check_host(host: str, github_url: object) -> None:
    """Raise SettingsError where this machine is the host and no address of it is set."""
    if kinds.is_loopback(host) and not github_url:
        raise SettingsError("host: this machine can be the host only where github_url is set")


def check_file(config: ConfigFile) -> None:
    """Raise SettingsError for the first value of `config` that cannot be used."""
    for setting in SETTINGS:
        _written(setting, config)
    for table in TABLES:
        config.table(table)
    if config.values.get("endpoints"):
        from copilot_cli.endpoint_table import read

        read(config)


def _refuse_secrets(config: ConfigFile) -> None:
    """Raise SettingsError where the key of an endpoint stands in the file, whoever answers."""
    if config.values.get("endpoints"):
        from copilot_cli.endpoint_table import refuse_secrets

        refuse_secrets(config)


def _written(setting: Setting, config: ConfigFile) -> object:
    """Return the checked value that the file holds for `setting`, or None."""
    value = config.get(setting.name)
    if value is None:
        return None
    return _checked(setting, value, partial(config.fault, setting.name))


def _resolve(
    setting: Setting,
    options: Mapping[str, str | None],
    environ: Mapping[str, str],
    folder: Mapping[str, str],
    config: ConfigFile,
) -> tuple[object, str]:
    """Return the value of the highest layer that has one, and that layer's name."""
    option = options.get(setting.field)
    if option is not None:
        return _checked(setting, option, _option_name(setting)), "option"
    for variable in setting.variables:
        value = _from_variable(variable, environ.get(variable, "").strip())
        if value:
            return _checked(setting, value, variable), f"environment {variable}"
    if setting.name in folder:
        return folder[setting.name], FOLDER_SOURCE
    written = _written(setting, config)
    if written is not None:
        return written, "config.toml"
    return setting.default, "default"


def _option_name(setting: Setting) -> str:
    return "--" + setting.field.replace("_", "-")


def _from_variable(variable: str, text: str) -> str:
    """Return what `text` means for its setting: two of colour, and one of engines, are flags."""
    if not text:
        return ""
    if variable == "NO_COLOR":
        return "never"
    if variable == "FORCE_COLOR":
        return "never" if text == "0" else "always"
    if variable == LEGACY:
        return "cli" if switched_on(variable, {variable: text}) else ""
    return text


def _checked(
    setting: Setting, value: object, where: str | Callable[[str], SettingsError]
) -> object:
    try:
        return setting.kind.check(value)
    except ValueError as exc:
        if callable(where):
            raise where(str(exc)) from exc
        raise SettingsError(f"{where}: {exc}") from exc
