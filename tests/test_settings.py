"""The settings: layers, sources, and every value that cannot be used."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.settings import SETTINGS, Settings

MADE_UP = "ghu_madeUpForTests0000000000000000000000"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of one test's own."""
    return tmp_path


def load(
    home: Path,
    config: str = "",
    environ: Mapping[str, str] | None = None,
    **options: str | None,
) -> Settings:
    """Load settings from a home with this `config.toml`."""
    if config:
        (home / "config.toml").write_text(config, encoding="utf-8")
    return Settings.load({"home": str(home), **options}, environ or {})


def test_each_layer_wins_over_the_one_below(home: Path) -> None:
    """Option over environment over file over default, and the source says which."""
    config = 'model = "file"\n'
    environ = {"COPILOT_CHAT_MODEL": "variable"}
    found = [
        load(home),
        load(home, config),
        load(home, config, environ),
        load(home, config, environ, model="option"),
    ]
    assert [(each.model, each.source("model")) for each in found] == [
        (None, "default"),
        ("file", "config.toml"),
        ("variable", "environment COPILOT_CHAT_MODEL"),
        ("option", "option"),
    ]
    assert [each.said_now("model") for each in found] == [False, False, True, True]


def test_model_variables_in_order_of_precedence(home: Path) -> None:
    """The first variable that is set and not blank names the model."""
    environ = {"GITHUB_MODEL": "d", "COPILOT_MODEL": "c", "GITHUB_COPILOT_MODEL": "b"}
    environ["COPILOT_CHAT_MODEL"] = "  "
    seen = []
    while settings := load(home, "", environ):
        if settings.model is None:
            break
        seen.append(settings.model)
        del environ[settings.source("model").removeprefix("environment ")]
    assert seen == ["b", "c", "d"]


def test_defaults(home: Path) -> None:
    """Nothing set: github.com, the direct engine, three resends, five minutes of silence."""
    settings = load(home)
    assert (settings.host, settings.engine, settings.retries) == ("github.com", "direct", 3)
    assert settings.timeout_idle == 300.0
    assert settings.accounts == {}
    assert set(settings.sources.values()) == {"default"}


def test_every_row_of_the_table_is_an_attribute(home: Path) -> None:
    """The table and the attributes are the same list, so neither can be forgotten."""
    settings = load(home)
    for setting in SETTINGS:
        value = getattr(settings, setting.field)
        assert value == setting.default
        assert setting.meaning.endswith(".")
        if value is not None:
            assert setting.kind.check(_as_toml(value)) == value


def _as_toml(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def test_settings_cannot_be_changed(home: Path) -> None:
    """Built once, then read by everyone."""
    with pytest.raises(AttributeError):
        load(home).model = "x"  # type: ignore[misc]


def test_repr_shows_no_environment(home: Path) -> None:
    """Printing the settings does not print a token that lies in the environment."""
    settings = load(home, "", {"COPILOT_CHAT_TOKEN": MADE_UP})
    assert MADE_UP not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("\nmodel = 3\n", ":2: model: must be a text"),
        ("[ui]\nplain = 'maybe'\n", ":2: ui.plain: must be true or false"),
        ("# c\nretries = 99", ":2: retries: must be a whole number from 0 to 10"),
        ("timeout_idle = 0", ":1: timeout_idle: must be a number above 0"),
        ("github_url = 'http://example.com'", ":1: github_url: must be an https address"),
        ("accounts = 1", ":1: accounts: must be a table of tables"),
        ("model = \n", ":1: invalid value"),
    ],
)
def test_a_wrong_value_in_the_file_names_file_line_and_key(
    home: Path, config: str, message: str
) -> None:
    """A person finds the place without searching."""
    with pytest.raises(SettingsError) as caught:
        load(home, config)
    assert caught.value.message.startswith(f"{home / 'config.toml'}{message}")


def test_a_wrong_value_in_the_environment_names_the_variable(home: Path) -> None:
    """The variable is named; its value, which may be anything, is not."""
    with pytest.raises(SettingsError, match=r"^COPILOT_CHAT_ENGINE: must be one of") as caught:
        load(home, "", {"COPILOT_CHAT_ENGINE": MADE_UP})
    assert MADE_UP not in caught.value.message


def test_a_wrong_option_names_the_option(home: Path) -> None:
    """An option is named as it is typed."""
    with pytest.raises(SettingsError, match=r"^--timeout-idle: must be a number"):
        load(home, timeout_idle="soon")


def test_unknown_keys_are_ignored(home: Path) -> None:
    """A file written for a newer version still works."""
    assert load(home, 'future = 1\nmodel = "a"\n[ui]\nglow = true\n').model == "a"


@pytest.mark.parametrize(
    ("host", "login", "rest"),
    [
        ("github.com", "https://github.com", "https://api.github.com"),
        ("octo.ghe.com", "https://octo.ghe.com", "https://api.octo.ghe.com"),
    ],
)
def test_addresses_follow_the_host(home: Path, host: str, login: str, rest: str) -> None:
    """Each host has its own sign-in page and API."""
    settings = load(home, host=host)
    assert (settings.login_url(), settings.rest_url()) == (login, rest)
    assert settings.copilot_api() is None


def test_addresses_can_be_set(home: Path) -> None:
    """Tests and unusual networks name their own addresses."""
    environ = {
        "COPILOT_CHAT_GITHUB_URL": "http://127.0.0.1:1/",
        "COPILOT_CHAT_GITHUB_API_URL": "http://127.0.0.1:2",
    }
    settings = load(home, 'copilot_api_url = "https://proxy.example.com/c/"', environ)
    assert settings.login_url() == "http://127.0.0.1:1"
    assert settings.rest_url() == "http://127.0.0.1:2"
    assert settings.copilot_api() == "https://proxy.example.com/c"


def test_this_machine_is_a_host_only_with_an_address(home: Path) -> None:
    """A loopback host makes sense only where the sign-in page was moved there."""
    with pytest.raises(SettingsError, match="github_url"):
        load(home, host="127.0.0.1:5")
    environ = {"COPILOT_CHAT_GITHUB_URL": "http://127.0.0.1:5"}
    assert load(home, "", environ, host="127.0.0.1:5").host == "127.0.0.1:5"


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        ({}, "auto"),
        ({"NO_COLOR": "1"}, "never"),
        ({"NO_COLOR": ""}, "auto"),
        ({"FORCE_COLOR": "1"}, "always"),
        ({"FORCE_COLOR": "0"}, "never"),
        ({"NO_COLOR": "0", "FORCE_COLOR": "1"}, "never"),
    ],
)
def test_colour_variables_are_flags(home: Path, environ: dict[str, str], color: str) -> None:
    """NO_COLOR with any text means never, FORCE_COLOR always."""
    assert load(home, "", environ).color == color


@pytest.mark.parametrize(
    ("environ", "engine", "source"),
    [
        ({"GITHUB_COPILOT_LEGACY": "true"}, "cli", "environment GITHUB_COPILOT_LEGACY"),
        ({"GITHUB_COPILOT_LEGACY": "1"}, "cli", "environment GITHUB_COPILOT_LEGACY"),
        ({"GITHUB_COPILOT_LEGACY": "false"}, "byok", "config.toml"),
        ({"GITHUB_COPILOT_LEGACY": " "}, "byok", "config.toml"),
        (
            {"GITHUB_COPILOT_LEGACY": "true", "COPILOT_CHAT_ENGINE": "official"},
            "official",
            "environment COPILOT_CHAT_ENGINE",
        ),
    ],
)
def test_the_legacy_switch_means_the_command(
    home: Path, environ: dict[str, str], engine: str, source: str
) -> None:
    """On, it chooses the engine `cli`; off, it says nothing."""
    settings = load(home, 'engine = "byok"', environ)
    assert (settings.engine, settings.source("engine")) == (engine, source)


def test_token_variables_in_order_of_precedence(home: Path) -> None:
    """The first token variable that is not blank is taken, and says its name."""
    environ = {
        "GITHUB_COPILOT_TOKEN": MADE_UP + "c",
        "COPILOT_GITHUB_TOKEN": MADE_UP + "b",
        "COPILOT_CHAT_TOKEN": " \n",
        "GH_TOKEN": MADE_UP,
    }
    token = load(home, "", environ).env_token()
    assert token is not None
    assert (token.name, token.secret.reveal()) == ("COPILOT_GITHUB_TOKEN", MADE_UP + "b")


def test_late_tokens_are_apart(home: Path) -> None:
    """GH_TOKEN and GITHUB_TOKEN are not among the tokens that win over a stored one."""
    settings = load(home, "", {"GITHUB_TOKEN": MADE_UP + "\n", "GH_TOKEN": ""})
    assert settings.env_token() is None
    token = settings.late_env_token()
    assert token is not None
    assert (token.name, token.secret.reveal()) == ("GITHUB_TOKEN", MADE_UP)


@pytest.mark.parametrize(
    ("value", "position"),
    [(MADE_UP + " x", len(MADE_UP) + 1), (" " + MADE_UP, 1), ("abc", 4), (MADE_UP + "é", 41)],
)
def test_a_malformed_token_is_an_error_and_nothing_falls_through(
    home: Path, value: str, position: int
) -> None:
    """The variable and the position are named, the value is not, the next variable is not tried."""
    environ = {"COPILOT_CHAT_TOKEN": value, "COPILOT_GITHUB_TOKEN": MADE_UP}
    with pytest.raises(SettingsError) as caught:
        load(home, "", environ).env_token()
    assert caught.value.message.startswith("COPILOT_CHAT_TOKEN")
    assert f"position {position})" in caught.value.message
    assert value.strip() not in f"{caught.value.message} {caught.value.hint}"


def test_extra_headers_are_parsed(home: Path) -> None:
    """`Name:value,Name:value`; a value may hold colons, blanks around are cut."""
    environ = {"GITHUB_COPILOT_EXTRA_HEADERS": "Editor-Version: vscode/1.0, X-A:b:c"}
    headers = load(home, "", environ).extra_headers
    assert headers == {"Editor-Version": "vscode/1.0", "X-A": "b:c"}
    assert load(home).extra_headers == {}


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("", False), ("0", False), ("No", False)]
)
def test_switches_in_the_environment(home: Path, value: str, *, expected: bool) -> None:
    """COPILOT_OFFLINE and COPILOT_CHAT_NO_KEYRING are on unless blank or plainly off."""
    settings = load(home, "", {"COPILOT_OFFLINE": value, "COPILOT_CHAT_NO_KEYRING": value})
    assert settings.offline is expected
    assert settings.no_keyring is expected


def test_tables_are_kept_as_they_are(home: Path) -> None:
    """Accounts and endpoints belong to other parts of the program, which read them raw."""
    settings = load(home, '[accounts.octocat]\nmode = "exchange"\n[endpoints.x]\nurl = "y"\n')
    assert settings.accounts == {"octocat": {"mode": "exchange"}}
    assert settings.endpoints == {"x": {"url": "y"}}
