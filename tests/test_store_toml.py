"""Writing `config.toml`."""

import os
import stat
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.errors import SettingsError
from copilot_cli.store.toml import key_path, set_values, unset

DOCUMENTS = [
    "",
    "# only a comment",
    'model = "a" # why\n\n# about the host\nhost = "github.com"\n',
    "ui.plain = true\nfuture = [1, 2,\n  3] # kept\n",
    "[ui]\nplain = true\n\n[accounts.octocat] # mine\nmode = 'bearer'\n[zebra]\na = 1979-05-27\n",
    "accounts = { octocat = { mode = 'exchange' } }\n",
    "[accounts.a]\nx = 1\n[future]\ny = 2\n[accounts.b]\nx = 2\n",
    '[accounts."a.b"]\r\nmode = "bearer"\r\n',
    "[[things]]\na = 1\n[[things]]\na = 2\n",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ['"', "'''", '"""', "\\", "a\nb", "\r\n", "\x7f", "\x00", "\u2028", "é\u0301", "🦊", "#", "= 1"]
)
SCALARS = (
    TEXTS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.lists(TEXTS, max_size=3)
    | st.dictionaries(TEXTS, TEXTS, max_size=3)
)
KEYS = st.sampled_from(
    [
        ("model",),
        ("future",),
        ("ui", "plain"),
        ("ui", "more"),
        ("accounts", "octocat", "mode"),
        ("accounts", "a.b", "mode"),
        ("accounts", "octocat"),
        ("accounts",),
        ("things",),
    ]
) | st.lists(TEXTS, min_size=1, max_size=3).map(tuple)

HEADINGS = [("accounts", "octocat"), ("accounts",)]  # their comments go when they are replaced


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(len(DOCUMENTS)))
@settings(deadline=None)
@given(key=KEYS, value=SCALARS)
def test_what_is_written_is_read_back_equal(
    document: str, key: tuple[str, ...], value: object
) -> None:
    """Any key and value, into any document: that value, every other as before, comments kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(document.encode())
        wanted: Any = tomllib.loads(document)
        table = wanted
        for part in key[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                with pytest.raises(SettingsError):
                    set_values(path, {key: value})
                assert path.read_bytes() == document.encode()
                return
        table[key[-1]] = value
        set_values(path, {key: value})
        assert tomllib.loads(path.read_bytes().decode()) == wanted
        for comment in ("# why", "# about the host", "# kept", "# mine"):
            if comment in document and key not in HEADINGS:
                assert comment in path.read_text(encoding="utf-8")


@settings(deadline=None)
@given(key=KEYS, value=SCALARS)
def test_unset_takes_back_what_set_added(key: tuple[str, ...], value: object) -> None:
    """After set and unset the values are those of before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text("future = 1 # kept\n[zebra]\na = 1\n")
        if key[0] in ("future", "zebra"):
            return
        set_values(path, {key: value})
        assert unset(path, key) is True
        assert tomllib.loads(path.read_text()) == {"future": 1, "zebra": {"a": 1}}
        assert unset(path, key) is False


def test_comments_order_and_unknown_keys_stay(tmp_path: Path) -> None:
    """The rest of the file is the same text, down to the blanks."""
    path = tmp_path / "config.toml"
    path.write_text('# mine\nfuture = [ 1,2 ]\nmodel="a"   # good\n\n[zebra]\n  odd = 1\n')
    set_values(path, {"model": "b", "accounts.octocat.mode": "exchange", "retries": 5})
    text = path.read_text()
    assert text.startswith('# mine\nfuture = [ 1,2 ]\nmodel="b"   # good\n')
    assert "[zebra]\n  odd = 1\n" in text
    assert '[accounts.octocat]\nmode = "exchange"\n' in text
    assert "[accounts]\n" not in text
    assert tomllib.loads(text)["retries"] == 5


def test_the_file_is_made_private(tmp_path: Path) -> None:
    """A new settings folder and file belong to their user alone; an old mode is tightened."""
    path = tmp_path / "a" / "b" / "config.toml"
    set_values(path, {"key_file": Path("/k")})
    path.chmod(0o644)
    set_values(path, {"model": "x"})
    assert tomllib.loads(path.read_text()) == {"key_file": "/k", "model": "x"}
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    """Who keeps settings in a folder of dot-files keeps them there."""
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n")
    path = tmp_path / "config.toml"
    path.symlink_to(real)
    set_values(path, {"model": "x"})
    assert path.is_symlink()
    assert real.read_text() == '# mine\nmodel = "x"\n'


@pytest.mark.parametrize("value", ["\ud800", None, object(), {"a": None}])
def test_what_toml_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    """The file is untouched when a value cannot be written."""
    path = tmp_path / "config.toml"
    path.write_text("a = 1\n")
    with pytest.raises(SettingsError):
        set_values(path, {"model": "x", "theme": value})
    assert path.read_text() == "a = 1\n"
    assert sorted(os.listdir(tmp_path)) == ["config.lock", "config.toml"]


def test_a_bad_file_is_not_written_over(tmp_path: Path) -> None:
    """A file that is not TOML is named with its line and stays as it is."""
    path = tmp_path / "config.toml"
    path.write_text("a = \n")
    with pytest.raises(SettingsError, match=":1: "):
        set_values(path, {"model": "x"})
    with pytest.raises(SettingsError, match=":1: "):
        unset(path, "model")
    assert path.read_text() == "a = \n"


def test_unset_removes_the_table_it_empties(tmp_path: Path) -> None:
    """No empty heading stays behind."""
    path = tmp_path / "config.toml"
    set_values(path, {"model": "x", "accounts.octocat.mode": "exchange"})
    unset(path, "accounts.octocat.mode")
    assert path.read_text().strip() == 'model = "x"'


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("model", ("model",)),
        ("ui.plain", ("ui", "plain")),
        ('accounts."a.b".mode', ("accounts", "a.b", "mode")),
        ("accounts.'x y'", ("accounts", "x y")),
        (("a.b", ""), ("a.b", "")),
    ],
)
def test_keys_are_tomls_own(key: str | tuple[str, ...], parts: tuple[str, ...]) -> None:
    """A dotted key is read as TOML reads it."""
    assert key_path(key) == parts


@pytest.mark.parametrize("key", ["", "a b", "a.", "a = 1\nb", "[a]", "a = 1 #", 'a."', "é"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """Nothing but one key passes for a key."""
    with pytest.raises(SettingsError, match="not a key"):
        key_path(key)


@pytest.mark.real
def test_what_processes_set_at_once_is_all_kept(tmp_path: Path) -> None:
    """Each reads, changes and writes alone: none takes another's value back."""
    path = tmp_path / "config.toml"
    code = (
        "import sys; from pathlib import Path; from copilot_cli.store.toml import set_values; "
        "set_values(Path(sys.argv[1]), {sys.argv[2]: 1})"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), f"key{number}"])
        for number in range(6)
    ]
    assert [child.wait() for child in children] == [0] * 6
    assert sorted(tomllib.loads(path.read_text())) == [f"key{number}" for number in range(6)]
