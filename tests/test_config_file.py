"""`config.toml` as it is read."""

import tomllib
from itertools import product
from pathlib import Path

import pytest

from copilot_cli.config_file import ConfigFile
from copilot_cli.errors import SettingsError

PATH = Path("/x/config.toml")


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    """A file that is not there is the same as an empty one."""
    assert ConfigFile.read(tmp_path / "config.toml").values == {}


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    """What cannot be read is said, with its path."""
    with pytest.raises(SettingsError, match=str(tmp_path)):
        ConfigFile.read(tmp_path)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"model = \n", 1),
        (b'model = "x"\n\n[ui\nplain = true\n', 3),
        (b"a = 1\na = 2\n", 2),
        (b'a = 1\nb = "x', 2),
        (b"a = 1\nb = \xff\n", 2),
        (b'a = 1\n\n\nb = """x', 4),
    ],
)
def test_a_bad_file_names_its_line(data: bytes, line: int) -> None:
    """What is not TOML is said with file and line, as a compiler would."""
    with pytest.raises(SettingsError, match=rf"^/x/config\.toml:{line}: \S") as caught:
        ConfigFile.parse(PATH, data)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("data", [b"a = " + b"[" * 100_000, b"a = " + b"9" * 100_000])
def test_an_absurd_file_is_an_error_too(data: bytes) -> None:
    """Depth and length that Python refuses end as the same error."""
    with pytest.raises(SettingsError):
        ConfigFile.parse(PATH, data)


LINES = [
    *('model = "a"', 'host = "b c"', 'host = ""', 'key_file = "/x/é"', "# no", "", "\n"),
    *('model="a"', 'model = "a" # it', "model = 'a'", 'model = "a\\tb"', 'model = "a"b"'),
    *('x = "a\tb"', 'x = "a\x00"', 'x = "\u2028"', 'x = "\u202e"', 'x = """', 'x = """"""'),
    *('x = "', "x = 1", "x = true", "[ui]", "x", "= ", 'é = "a"', 'ui.x = "a"', ' y = "a"'),
    *('"z" = "a"', '1 = "a"', 'a-b = "a"', "#\x07", "x = [", '"a"', "]", 'a b = "c"', ' = "a"'),
]


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\x0c", "\x85", "\u2028"], ids=lambda end: end.encode().hex()
)
def test_a_file_of_plain_lines_is_read_as_toml_is(end: str) -> None:
    """What is read without the library holds what the library says; the rest is left to that."""
    for lines in product(LINES, LINES):
        text = end.join([*lines, ""])
        try:
            expected = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            with pytest.raises(SettingsError):
                ConfigFile.parse(PATH, text.encode())
        else:
            assert ConfigFile.parse(PATH, text.encode()).values == expected


@pytest.mark.parametrize("text", ['model = "a"\n', "retries = 1\n"], ids=["plain", "TOML"])
def test_a_mark_of_utf8_is_passed_over(text: str) -> None:
    """What some editors put before a text is no part of it."""
    assert ConfigFile.parse(PATH, b"\xef\xbb\xbf" + text.encode()).text == text


TEXT = b"""\
# model = "no"
model = "a"
"ui".plain = true
[accounts.octocat]
mode = "exchange"
[ editor_identity ]
user_agent = "X"
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("model", 2),
        ("ui.plain", 3),
        ("accounts.octocat", 4),
        ("accounts.octocat.mode", 5),
        ("editor_identity", 6),
        ("editor_identity.user_agent", 7),
        ("theme", None),
    ],
)
def test_a_key_is_found_by_its_line(name: str, line: int | None) -> None:
    """The line of a key is the one that sets it, whichever way it is written."""
    assert ConfigFile.parse(PATH, TEXT).line(name) == line


def test_values_are_found_by_dotted_names() -> None:
    """A dotted name walks through the tables; what is not there is None."""
    config = ConfigFile.parse(PATH, TEXT)
    assert config.get("ui.plain") is True
    assert config.get("ui.theme") is None
    assert config.get("nothing.here") is None
    assert config.table("accounts") == {"octocat": {"mode": "exchange"}}


def test_a_value_in_a_tables_place_is_an_error() -> None:
    """A table that is no table is named with its line."""
    config = ConfigFile.parse(PATH, b"\nui = 1\naccounts = {a = 1}\n")
    with pytest.raises(SettingsError, match=":2: ui: must be a table"):
        config.get("ui.plain")
    with pytest.raises(SettingsError, match=":3: accounts: must be a table of tables"):
        config.table("accounts")


def test_a_byte_order_mark_is_no_fault() -> None:
    """Editors on Windows write one."""
    assert ConfigFile.parse(PATH, b'\xef\xbb\xbfmodel = "a"').get("model") == "a"
