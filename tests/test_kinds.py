"""The kinds of values a setting can have."""

from pathlib import Path

import pytest

from copilot_cli import kinds

MADE_UP = "ghu_madeUpForTests0000000000000000000000"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("github.com", "github.com"),
        ("GitHub.COM", "github.com"),
        ("https://github.com/", "github.com"),
        (" http://Octo-Corp.ghe.com// ", "octo-corp.ghe.com"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("localhost", "localhost"),
        ("[::1]:443", "[::1]:443"),
    ],
)
def test_host_is_normalised(given: str, expected: str) -> None:
    """Scheme, slash, case and blanks around a host do not matter."""
    assert kinds.HOST.check(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ghe.com",
        ".ghe.com",
        "-a.ghe.com",
        "a.b.ghe.com",
        "github.com.evil.example",
        "evilgithub.com",
        "octo.ghe.com.evil.example",
        "github.com/login",
        "user@github.com",
        "github.com:8443",
        "127.0.0.1.evil.example",
        "ｇithub.com",
        3,
    ],
)
def test_host_refuses_any_other(given: object) -> None:
    """Only github.com, a company's ghe.com and this machine can be a host."""
    with pytest.raises(ValueError, match=r"must (not )?be "):
        kinds.HOST.check(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.example.com/", "https://api.example.com"),
        ("HTTPS://API.Example.com:8443/Base/", "https://api.example.com:8443/Base"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost/", "http://localhost"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_url_is_normalised(given: str, expected: str) -> None:
    """An address loses the slash at its end and the case of its host, not of its path."""
    assert kinds.URL.check(given) == expected


@pytest.mark.parametrize(
    "given",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://127.0.0.1",
        "https://user:pw@example.com",
        "https://example.com/?a=b",
        "https://example.com/#a",
        "https://example.com:99999",
        "https://exa mple.com",
        "https://",
        "example.com",
        7,
    ],
)
def test_url_refuses(given: object) -> None:
    """Without encryption only this machine is reachable, and nothing rides on the address."""
    with pytest.raises(ValueError, match="must be"):
        kinds.URL.check(given)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (kinds.whole(0, 10), "3", 3),
        (kinds.whole(0, 10), 10, 10),
        (kinds.number(0, 100), "0.5", 0.5),
        (kinds.number(0, 100), 7, 7.0),
        (kinds.words("auto", "on", "off"), True, "on"),
        (kinds.words("auto", "on", "off"), "OFF ", "off"),
        (kinds.SWITCH, "yes", True),
        (kinds.SWITCH, False, False),
        (kinds.SWITCH, "0", False),
        (kinds.NAMES, "a, b", ("a", "b")),
        (kinds.NAMES, ["a", "b"], ("a", "b")),
        (kinds.table("a", "b"), {"a": " X/1"}, {"a": "X/1"}),
        (kinds.STORE, "keyfile", "keyfile"),
        (kinds.STORE, "keyring:my_module.Class", "keyring:my_module.Class"),
        (kinds.TEXT, " gpt ", "gpt"),
    ],
)
def test_value_is_read(kind: kinds.Kind, given: object, expected: object) -> None:
    """A text from outside and a TOML value end as the same value."""
    assert kind.check(given) == expected


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (kinds.whole(0, 10), "11"),
        (kinds.whole(0, 10), -1),
        (kinds.whole(0, 10), True),
        (kinds.whole(0, 10), 1.0),
        (kinds.whole(0, 10), "1" * 5000),
        (kinds.number(0, 100), 0),
        (kinds.number(0, 100), "nan"),
        (kinds.number(0, 100), "inf"),
        (kinds.number(0, 100), 10**400),
        (kinds.number(0, 100), True),
        (kinds.number(0, 100), []),
        (kinds.words("direct", "cli"), MADE_UP),
        (kinds.words("direct", "cli"), True),
        (kinds.SWITCH, "perhaps"),
        (kinds.SWITCH, 1),
        (kinds.NAMES, 4),
        (kinds.NAMES, ["a", ""]),
        (kinds.table("a"), {"a": 1}),
        (kinds.table("a"), {"a": "é"}),
        (kinds.table("a"), {"b": "x"}),
        (kinds.table("a"), "a"),
        (kinds.STORE, "keyring:"),
        (kinds.STORE, MADE_UP),
        (kinds.TEXT, "a\nb"),
        (kinds.TEXT, "\x1b[31m"),
        (kinds.TEXT, 1),
        (kinds.PATH, " "),
        (kinds.PATH, "a\0b"),
        (kinds.PATH, 1),
    ],
)
def test_wrong_value_is_refused_and_not_repeated(kind: kinds.Kind, given: object) -> None:
    """What is allowed is said; what was given is not, as it may be a secret."""
    with pytest.raises(ValueError, match=r"^must (not )?be ") as caught:
        kind.check(given)
    assert MADE_UP not in str(caught.value)


def test_path_expands_the_home_folder() -> None:
    """`~` is the person's home folder, and the path is absolute."""
    assert kinds.PATH.check("~/k") == Path.home() / "k"
    assert kinds.PATH.check("k") == Path.cwd() / "k"
