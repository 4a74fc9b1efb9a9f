"""`copilot-chat config`, run as the program runs it."""

import io
import json
import shlex
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from copilot_cli.effects import Effects
from copilot_cli.main import main
from copilot_cli.settings import SETTINGS

MADE_UP = "ghu_madeUpForTests0000000000000000000000"


class Ran(NamedTuple):
    """What a run of the program left."""

    code: int
    out: str
    err: str


class Home:
    """A home of one test's own, and the program run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "config.toml"

    def run(self, *words: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run `copilot-chat config ...` without a terminal."""
        effects = Effects(
            environ=environ or {},
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
        )
        code = main(["--home", str(self.folder), "config", *words], effects)
        assert isinstance(effects.stdout, io.StringIO)
        assert isinstance(effects.stderr, io.StringIO)
        return Ran(code, effects.stdout.getvalue(), effects.stderr.getvalue())

    def values(self) -> dict[str, object]:
        return tomllib.loads(self.file.read_text(encoding="utf-8"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path)


def test_what_is_set_can_be_got(home: Home) -> None:
    """A value goes into the file and comes out of it, and nothing else is printed."""
    assert home.run("set", "model", "gpt-x") == Ran(0, "", "")
    assert home.run("get", "model") == Ran(0, "gpt-x\n", "")
    assert home.run("get", "account") == Ran(0, "\n", "")


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("retries", "5", {"retries": 5}),
        ("timeout_idle", "2.5", {"timeout_idle": 2.5}),
        ("ui.plain", "yes", {"ui": {"plain": True}}),
        ("failover", "a, b", {"failover": ["a", "b"]}),
        ("host", "https://Octo.ghe.com/", {"host": "octo.ghe.com"}),
        ("key_file", "/k", {"key_file": "/k"}),
        ("editor_identity.user_agent", "X/1", {"editor_identity": {"user_agent": "X/1"}}),
        ("accounts.octocat.mode", "bearer", {"accounts": {"octocat": {"mode": "bearer"}}}),
        ('accounts."a.b".mode', "bearer", {"accounts": {"a.b": {"mode": "bearer"}}}),
    ],
)
def test_a_value_is_stored_as_its_kind(
    home: Home, key: str, value: str, stored: dict[str, object]
) -> None:
    """Numbers, switches and lists are written as TOML has them, and the whole can be read again."""
    assert home.run("set", key, value).code == 0
    assert home.values() == stored
    assert home.run("list").code == 0
    assert home.run("get", key).out.strip()


def test_the_list_names_each_source(home: Home) -> None:
    """Every setting is listed with its value and where that comes from."""
    home.file.write_text('retries = 1\n[accounts."a.b"]\nmode = "bearer"\n')
    ran = home.run("list", environ={"COPILOT_MODEL": "m"})
    rows = dict(line.split("\t", 1) for line in ran.out.splitlines())
    assert rows.keys() == {setting.name for setting in SETTINGS} | {'accounts."a.b".mode'}
    assert rows["retries"] == "1\tconfig.toml"
    assert rows["model"] == "m\tenvironment COPILOT_MODEL"
    assert rows["host"] == "github.com\tdefault"
    assert rows['accounts."a.b".mode'] == "bearer\tconfig.toml"


def test_json_has_the_values_own_kinds(home: Home) -> None:
    """A script gets numbers as numbers and what is not set as null."""
    home.file.write_text('failover = ["a"]\nkey_file = "/k"\n')
    listed = {row["key"]: row for row in json.loads(home.run("list", "--json").out)}
    assert listed["retries"] == {"key": "retries", "value": 3, "source": "default"}
    assert listed["model"]["value"] is None
    assert listed["failover"]["value"] == ["a"]
    assert listed["key_file"]["value"] == "/k"
    assert json.loads(home.run("get", "ui.plain", "--json").out) == {
        "key": "ui.plain",
        "value": False,
        "source": "default",
    }


def test_an_unknown_key_is_refused_with_the_nearest(home: Home) -> None:
    """A slip of the finger is not written into the file."""
    ran = home.run("set", "modle", "x")
    assert ran.code == 2
    assert ran.err == "error: there is no setting modle\nhint: did you mean model?\n"
    assert home.run("get", "modle").code == 2
    assert not home.file.exists()


@pytest.mark.parametrize(
    "key", ["accounts", "accounts.octocat", "editor_identity.nothing", "model.x", "ui.glow", "a b"]
)
def test_a_key_that_no_setting_has_is_refused(home: Home, key: str) -> None:
    """Tables take the keys they have, and values take none."""
    assert home.run("set", key, "x").code == 2
    assert not home.file.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("model", MADE_UP),
        ("accounts.octocat.token", f"x {MADE_UP}"),
        (MADE_UP, "model"),
        ("editor_identity.user_agent", "Bearer madeUpForTests"),
        ("endpoints.x.key", "sk-madeUpForTests0000"),
        ("retries", MADE_UP),
    ],
)
def test_a_secret_is_refused_and_not_repeated(home: Home, words: tuple[str, str]) -> None:
    """Settings hold no secret, and a pasted one does not reach the screen."""
    ran = home.run("set", *words)
    assert ran.code == 2
    assert "looks like a secret" in ran.err
    assert "madeUp" not in ran.out + ran.err
    assert not home.file.exists()


def test_a_wrong_value_is_refused(home: Home) -> None:
    """The file never gets a value that the next run would refuse."""
    ran = home.run("set", "retries", "99")
    assert ran.code == 2
    assert "retries: must be a whole number from 0 to 10" in ran.err
    assert home.run("set", "host", "127.0.0.1:1").code == 2
    assert not home.file.exists()
    assert home.run("set", "github_url", "http://127.0.0.1:1").code == 0
    assert home.run("set", "host", "127.0.0.1:1").code == 0
    assert home.run("list").code == 0


def test_a_variable_that_wins_is_said(home: Home) -> None:
    """Who sets what will not be heard is told so."""
    ran = home.run("set", "model", "x", environ={"COPILOT_MODEL": "y"})
    assert ran == Ran(0, "", "COPILOT_MODEL is set and wins over config.toml\n")


def test_unset_removes_known_and_unknown_keys(home: Home) -> None:
    """Any key of the file can go; one that is not there is no failure."""
    home.file.write_text("future = 1\nretries = 1 # why\n")
    assert home.run("unset", "future") == Ran(0, "", "")
    assert home.run("unset", "retries").code == 0
    assert home.values() == {}
    assert home.run("unset", "retries") == Ran(0, "", "config.toml does not set retries\n")


def test_what_nobody_set_comes_from_nowhere(home: Home) -> None:
    """A key of a table that is not in the file is no value of it."""
    home.file.write_text('[accounts.hubot]\nmode = "bearer"\n')
    found = json.loads(home.run("get", "accounts.octocat.mode", "--json").out)
    assert (found["value"], found["source"]) == (None, "default")
    found = json.loads(home.run("get", "accounts.hubot.mode", "--json").out)
    assert (found["value"], found["source"]) == ("bearer", "config.toml")


def test_path_prints_the_files_path(home: Home) -> None:
    """The path, whether the file is there or not."""
    assert home.run("path") == Ran(0, f"{home.file}\n", "")
    assert json.loads(home.run("path", "--json").out) == {"path": str(home.file), "exists": False}
    home.file.write_text("retries = 2\n")
    assert json.loads(home.run("path", "--json").out)["exists"] is True


def test_a_wrong_file_can_be_put_right(home: Home) -> None:
    """A wrong value stops what reads settings, not what mends them."""
    home.file.write_text("retries = 99\n")
    ran = home.run("list")
    assert ran.code == 2
    assert ran.err.startswith(f"error: {home.file}:1: retries: must be")
    assert home.run("path").code == 0
    assert home.run("set", "retries", "2").code == 0
    assert home.run("list").code == 0


def editor(script: str) -> dict[str, str]:
    """An environment whose editor runs a line of Python on the file, which is `path`."""
    code = f"import os, pathlib, sys; path = pathlib.Path(sys.argv[1]); {script}"
    return {
        "EDITOR": shlex.join([sys.executable, "-c", code]),
        "COPILOT_CHAT_TOKEN": MADE_UP,
    }


@pytest.mark.real
def test_a_good_edit_replaces_the_file(home: Home) -> None:
    """The editor gets the file's text, and what it leaves becomes the file."""
    home.file.write_text("# mine\n")
    ran = home.run("edit", environ=editor("path.write_text(path.read_text() + 'retries = 1\\n')"))
    assert ran == Ran(0, "", "config.toml is written\n")
    assert home.file.read_text() == "# mine\nretries = 1\n"
    assert [path.name for path in home.folder.iterdir()] == ["config.toml"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("retries = \\n", "config.draft.toml:1: invalid value"),
        ("a = 1\\nretries = 99\\n", "config.draft.toml:2: retries: must be"),
        (f"a = 1\\nb = '{MADE_UP}'\\n", "config.draft.toml:2: this looks like a secret"),
    ],
)
def test_a_bad_edit_is_kept_aside(home: Home, text: str, complaint: str) -> None:
    """The old file stands, the edit is not lost, and the next edit goes on with it."""
    home.file.write_text("retries = 1\n")
    ran = home.run("edit", environ=editor(f'path.write_text("{text}")'))
    assert ran.code == 2
    assert complaint in ran.err
    assert MADE_UP not in ran.err
    assert home.file.read_text() == "retries = 1\n"
    draft = (home.folder / "config.draft.toml").read_text()
    assert draft == text.replace("\\n", "\n")
    mended = editor(f"assert path.read_text() == {draft!r}; path.write_text('model = \"m\"')")
    assert home.run("edit", environ=mended).code == 0
    assert home.values() == {"model": "m"}


@pytest.mark.real
def test_no_edit_changes_nothing(home: Home) -> None:
    """An editor that leaves the text alone leaves no file behind either."""
    assert home.run("edit", environ=editor("0")) == Ran(0, "", "config.toml is as it was\n")
    assert list(home.folder.iterdir()) == []


@pytest.mark.real
@pytest.mark.parametrize("environ", [editor("sys.exit(1)"), {"VISUAL": "/nowhere/editor"}])
def test_an_editor_that_fails_changes_nothing(home: Home, environ: dict[str, str]) -> None:
    """A failing editor is an error, and the file stands."""
    home.file.write_text("retries = 1\n")
    assert home.run("edit", environ=environ).code == 2
    assert not home.file.with_name("config.draft.toml").exists()
    assert home.file.read_text() == "retries = 1\n"


@pytest.mark.real
def test_the_editor_gets_no_token(home: Home) -> None:
    """What the editor starts cannot read our token from its environment."""
    script = "path.write_text('# ' + ' '.join(os.environ))"
    assert home.run("edit", environ=editor(script)).code == 0
    assert "EDITOR" in home.file.read_text()
    assert "COPILOT_CHAT_TOKEN" not in home.file.read_text()


def test_without_an_editor_nobody_is_asked(home: Home) -> None:
    """No terminal and no EDITOR: said, not waited for."""
    ran = home.run("edit")
    assert ran.code == 2
    assert "EDITOR" in ran.err
