"""`[endpoints.NAME]`: what a row can say, and faults with file and line."""

from pathlib import Path

import pytest

from copilot_cli.config_file import ConfigFile
from copilot_cli.endpoint_table import Row, check_value, read, refuse_secrets
from copilot_cli.errors import SettingsError


def parsed(text: str) -> ConfigFile:
    return ConfigFile.parse(Path("config.toml"), text.encode())


def rows(text: str) -> tuple[Row, ...]:
    return read(parsed(text))


def test_a_row_with_everything() -> None:
    """Each key is read; unknown ones are passed over."""
    found = rows("""
        model = "gpt"
        [endpoints.work]
        url = "https://acme.openai.azure.com/"
        type = "azure"
        wire = "responses"
        model = "gpt-5"
        api_version = "2024-10-21"
        headers = { "X-Team" = "a b" }
        default = true
        colour = "blue"
        [endpoints."my.ollama"]
        url = "http://localhost:11434"
    """)
    assert found == (
        Row(
            "work",
            "https://acme.openai.azure.com",
            "azure",
            guessed=False,
            wire="responses",
            model="gpt-5",
            api_version="2024-10-21",
            headers={"X-Team": "a b"},
            default=True,
        ),
        Row("my.ollama", "http://localhost:11434", "openai", True, None, None, None, {}, False),
    )


def test_the_version_of_a_pasted_address_counts_after_its_own_key() -> None:
    """Azure's console shows it in the query."""
    url = 'url = "https://a.openai.azure.com/openai?api-version=2024-10-21"\n'
    assert rows(f"[endpoints.a]\n{url}")[0].api_version == "2024-10-21"
    assert rows(f'[endpoints.a]\n{url}api_version = "v2"')[0].api_version == "v2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[endpoints.a]\nmodel = "x"', "config.toml:1: endpoints.a: has no url"),
        ('[endpoints.a]\nurl = "http://h.example"', "config.toml:2: endpoints.a.url: must be"),
        ("[endpoints.a]\nurl = 5", "config.toml:2: endpoints.a.url: must be"),
        (
            '[endpoints.a]\nurl = "https://h.example"\ntype = "other"',
            "config.toml:3: endpoints.a.type: must be one of openai, azure, anthropic",
        ),
        (
            '[endpoints.a]\nurl = "https://h.example"\nwire = "chat"',
            "config.toml:3: endpoints.a.wire: must be one of completions, responses",
        ),
        (
            '[endpoints.a]\nurl = "https://h.example"\nheaders = "X:y"',
            "config.toml:3: endpoints.a.headers: must be a table of headers",
        ),
        (
            '[endpoints.a]\nurl = "https://h.example"\nheaders = { Host = "h" }',
            "config.toml:3: endpoints.a.headers: Host cannot be set",
        ),
        (
            '[endpoints.a]\nurl = "https://h.example"\nheaders = { X = "a\\nb" }',
            "config.toml:3: endpoints.a.headers: not Name:value",
        ),
        ('[endpoints.byok]\nurl = "https://h.example"', "config.toml:1: endpoints.byok: that name"),
        ('[endpoints.A]\nurl = "https://h.example"', "config.toml:1: endpoints.A: a name is made"),
    ],
)
def test_a_fault_has_its_file_and_line(text: str, said: str) -> None:
    """And it says what is allowed."""
    with pytest.raises(SettingsError) as wrong:
        rows(text)
    assert wrong.value.message.startswith(said)
    assert wrong.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ('api_key = "hidden"', "endpoints.a.api_key"),
        ('key = "hidden"', "endpoints.a.key"),
        ('bearer_token = "hidden"', "endpoints.a.bearer_token"),
        ('headers = { Authorization = "hidden" }', "endpoints.a.headers"),
        ('headers = { "x-api-key" = "hidden" }', "endpoints.a.headers"),
        (f'headers = {{ X-Team = "sk-hidden{"0" * 30}" }}', "endpoints.a.headers"),
        ('model = "ghu_hidden0000000000000000000000"', "endpoints.a.model"),
    ],
)
def test_a_secret_in_the_file_is_refused(line: str, where: str) -> None:
    """With file and line and where it belongs, and without a word of it."""
    text = f'[endpoints.a]\nurl = "https://h.example"\n{line}\n'
    with pytest.raises(SettingsError) as wrong:
        refuse_secrets(parsed(text))
    assert wrong.value.message == (
        f"config.toml:3: {where}: looks like a secret, and config.toml holds none"
    )
    assert "onboard" in (wrong.value.hint or "")
    assert "hidden" not in wrong.value.message + (wrong.value.hint or "")


def test_a_secret_in_a_table_of_headers_has_its_own_line() -> None:
    """The line is that of the header."""
    text = '[endpoints.a]\nurl = "https://h.example"\n[endpoints.a.headers]\nCookie = "hidden"\n'
    with pytest.raises(SettingsError, match=r"^config.toml:4: endpoints.a.headers.Cookie: "):
        refuse_secrets(parsed(text))


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("url", "https://h.example/v1/", "https://h.example/v1/"),
        ("type", "azure", "azure"),
        ("default", "true", True),
        ("headers.X-Team", "a b", "a b"),
        ("colour", "blue", "blue"),
    ],
)
def test_a_value_that_is_set_by_hand(key: str, text: str, value: object) -> None:
    """As `config set` writes it."""
    assert check_value(("endpoints", "a", *key.split(".")), text) == value


@pytest.mark.parametrize(
    ("name", "key", "text", "said"),
    [
        ("a", "url", "http://hidden.example", "endpoints.a.url: must be an https address"),
        ("a", "type", "hidden", "endpoints.a.type: must be one of"),
        ("a", "headers", "hidden", "endpoints.a.headers: must be a table"),
        ("a", "headers.Host", "hidden", "endpoints.a.headers.Host: Host cannot be set"),
        ("a", "url.b", "hidden", "endpoints.a.url.b: must be"),
        ("gh", "model", "hidden", "endpoints.gh.model: that name means something else"),
        ("a", "api_key", "hidden", "endpoints.a.api_key: this is a secret"),
        ("a", "headers.X-Api-Key", "hidden", "endpoints.a.headers.X-Api-Key: this is a secret"),
        ("a", "model", "gho_hidden000000000000000000", "endpoints.a.model: this is a secret"),
    ],
)
def test_a_value_that_cannot_be_set(name: str, key: str, text: str, said: str) -> None:
    """It is not repeated."""
    with pytest.raises(SettingsError) as wrong:
        check_value(("endpoints", name, *key.split(".")), text)
    assert wrong.value.message.startswith(said)
    assert "hidden" not in wrong.value.message
