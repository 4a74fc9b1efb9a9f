"""The identity headers, and what replaces them."""

import re

from copilot_cli.identity import AS_OF, SOURCE, exchange_headers


def test_the_default_identity_hangs_together() -> None:
    """All four headers are sent, each of the form that the service knows."""
    headers = exchange_headers({}, {})
    assert set(headers) == {
        "Editor-Version",
        "Editor-Plugin-Version",
        "User-Agent",
        "Copilot-Integration-Id",
    }
    assert re.fullmatch(r"vscode/\d+\.\d+\.\d+", headers["Editor-Version"])
    version = headers["Editor-Plugin-Version"].partition("/")[2]
    assert headers["User-Agent"].endswith(version)


def test_a_setting_replaces_a_value_and_leaves_the_others() -> None:
    """The setting `editor_identity` names values, not headers."""
    headers = exchange_headers({"editor_version": "Neovim/0.11.0"}, {})
    assert headers["Editor-Version"] == "Neovim/0.11.0"
    assert headers["Copilot-Integration-Id"] == exchange_headers({}, {})["Copilot-Integration-Id"]


def test_extra_headers_replace_whatever_their_case() -> None:
    """`user-agent` takes the place of `User-Agent`, and a new name is added."""
    headers = exchange_headers({}, {"user-agent": "mine/1", "X-New": "yes"})
    assert headers["user-agent"] == "mine/1"
    assert "User-Agent" not in headers
    assert headers["X-New"] == "yes"


def test_the_values_say_where_and_when_they_come_from() -> None:
    """Somebody has to be able to tell that they are old."""
    assert re.fullmatch(r"20\d\d-\d\d", AS_OF)
    assert SOURCE
