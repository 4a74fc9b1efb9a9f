"""What the environment holds beside settings."""

import pytest

from copilot_cli.environment import (
    child_environ,
    clean_environ,
    foreign_environ,
    parse_extra_headers,
)
from copilot_cli.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("NoColon", "item 1: not Name:value"),
        ("A:b,NoColon", "item 2: not Name:value"),
        ("A:", "item 1: not Name:value"),
        (":b", "item 1: not Name:value"),
        ("A:b,", "item 2: not Name:value"),
        ("A b:c", "item 1: not Name:value"),
        ("A:b\r\nX:y", "item 1: not Name:value"),
        ("A:é", "item 1: not Name:value"),
        ("authorization:x", "authorization cannot be set"),
        ("HOST:x", "HOST cannot be set"),
        ("a:b,Content-Length:1", "item 2: Content-Length cannot be set"),
        ("a:b,A:c", "item 2: A is set twice"),
    ],
)
def test_malformed_extra_headers_are_refused(text: str, complaint: str) -> None:
    """What is wrong is said by its place, never by its value."""
    with pytest.raises(SettingsError) as caught:
        parse_extra_headers(text)
    assert complaint in caught.value.message
    assert caught.value.exit_code == 2


def test_other_programs_get_no_secret() -> None:
    """Editors and browsers are started without our tokens, and with all the rest."""
    secret = ["COPILOT_CHAT_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_CHAT_PASSPHRASE"]
    secret += ["COPILOT_PROVIDER_API_KEY", "GITHUB_COPILOT_EXTRA_HEADERS", "my_api_key"]
    plain = {"PATH": "/bin", "TERM": "xterm", "COPILOT_CHAT_HOME": "/h"}
    assert child_environ({**dict.fromkeys(secret, "x"), **plain}) == plain


def test_what_a_command_does_not_get() -> None:
    """Neither our variables nor anybody's secrets."""
    environ = {
        "PATH": "/bin",
        "COPILOT_CHAT_HOME": "x",
        "COPILOT_PROVIDER_BASE_URL": "x",
        "GITHUB_COPILOT_MODEL": "x",
        "GH_TOKEN": "x",
        "OPENAI_API_KEY": "x",
    }
    assert clean_environ(environ) == {"PATH": "/bin"}


def test_what_git_and_the_runtimes_do_not_get() -> None:
    """Whatever is called a secret; what the person's own command gets, too, is not for them."""
    secret = ["AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "MY_TOKEN_FILE", "Npm_Config_Credential"]
    environ = {**dict.fromkeys(secret, "x"), "PATH": "/bin", "COPILOT_MODEL": "x", "GH_TOKEN": "x"}
    assert foreign_environ(environ) == {"PATH": "/bin"}
    assert set(clean_environ(environ)) == {*secret, "PATH"}


def test_what_holds_a_secret_under_another_name() -> None:
    """It does not go along either; a proxy's is needed to get anywhere."""
    held = {
        "MINE": "ghu_madeUpForTests0000000000000000000000",
        "DATABASE_URL": "postgres://me:madeUp@db.example/x",
    }
    proxy = {"https_proxy": "http://me:madeUp@proxy.example"}
    assert foreign_environ({**held, **proxy}) == proxy
