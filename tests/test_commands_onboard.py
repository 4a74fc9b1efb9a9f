"""`onboard` as a command: its flags, its dry run, and that every question has a flag."""

import json
from pathlib import Path

import pytest

from copilot_cli.commands.onboard import find_sources
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


FLAGS = ("onboard", "--method", "device", "--store", "keyfile")


def test_the_first_answer_is_on_stdout_and_all_else_on_stderr(world: World) -> None:
    """stdout carries the answer and nothing else."""
    world.sim.answer(text="Ask me.")
    code, out, err = world.run(*FLAGS)
    assert (code, out) == (0, "Ask me.")
    assert "type the code" in err
    assert "Next:" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "nonesuch"), "there is no 'nonesuch'"),
        (("--method", "byok"), "Where does your model answer?"),
        (("--method", "byok", "--endpoint", "h.example"), "--endpoint: must be an https address"),
        (("--endpoint", "http://h.example"), "--endpoint: must be an https address"),
        (("--endpoint", "https://h.example", "--type", "x"), "--type: must be one of openai"),
        (("--endpoint", "https://h.example", "--name", "gh"), "means something else already"),
        (("--endpoint", "https://h.example", "--store", "none"), "would be lost at once"),
        (("--endpoint", "https://h.example", "--method", "device"), "endpoint of your own"),
        (("--method", "byok", "--engine", "direct"), "endpoint of your own"),
        (("--method", "gh", "--engine", "byok"), "endpoint of your own"),
        (("--method", "byok", "--token-stdin"), "--token-stdin is for a GitHub token"),
        (("--store", "plain"), "--store: must be one of"),
        (("--store", "none", "--method", "device"), "would be lost at once"),
        (("--token-stdin", "--method", "device"), "--method token only"),
        (("--engine", "official", "--method", "device"), "official"),  # not installed, or no SDK
        (
            (
                "--engine",
                "nonesuch",
            ),
            "--engine",
        ),
        (("--passphrase-fd", "x"), "passphrase-fd"),
        (("--nonesuch",), "no such option"),
        ((), "How do you want to sign in?"),
    ],
)
def test_wrong_usage(world: World, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, before anything is sent or written."""
    code, out, err = world.run("onboard", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert world.sim.log == []
    assert world.files() == set()


def test_a_question_that_nobody_answers_names_its_flag(world: World) -> None:
    """No method, and nobody there to choose one."""
    assert "hint: answer it with --method" in world.run("onboard")[2]


def test_a_dry_run_writes_and_sends_nothing(world: World) -> None:
    """Its list is data, on stdout."""
    code, out, err = world.run(*FLAGS, "--dry-run")
    assert (code, err) == (0, "")
    assert f"{world.home / 'secrets' / 'store.json'} (the GitHub token, sealed)\n" in out
    assert world.sim.log == []
    assert not world.home.exists()


def test_the_key_file_s_place_is_remembered(world: World, tmp_path: Path) -> None:
    """A relative path means the folder of then, not that of later."""
    key = tmp_path / "keys" / "mine"
    assert world.run(*FLAGS, "--key-file", str(key), "--no-verify")[0] == 0
    assert f'key_file = "{key}"' in world.config
    assert key.stat().st_mode & 0o777 == 0o600
    assert world.run("ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")


def test_sign_ins_are_looked_for_where_they_lie(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable, and the file of an editor's plug-in; `gh` is not installed here."""
    monkeypatch.setenv("HOME", str(tmp_path))
    world.environ |= {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    world.environ["GH_TOKEN"] = world.sim.sign_in("hubot")
    apps = tmp_path / ".config" / "github-copilot" / "apps.json"
    apps.parent.mkdir(parents=True)
    entry = {"user": "monalisa", "oauth_token": world.sim.sign_in("monalisa")}
    apps.write_text(json.dumps({"github.com:Iv1.b507a08c87ecfe98": entry}))
    found = find_sources(world.build(None))
    assert [(source.kind, source.user) for source in found] == [
        ("environment", None),
        ("file", "monalisa"),
    ]


def test_an_editor_s_sign_in_is_taken_by_its_flag_and_its_file_left(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--method ide`: the token is sealed here, the other program's file is as it was."""
    monkeypatch.setenv("HOME", str(tmp_path))
    world.environ |= {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    apps = tmp_path / ".config" / "github-copilot" / "apps.json"
    apps.parent.mkdir(parents=True)
    entry = {"user": "monalisa", "oauth_token": world.sim.sign_in("monalisa")}
    apps.write_text(json.dumps({"github.com:Iv1.b507a08c87ecfe98": entry}))
    before = apps.read_bytes()
    code, _, err = world.run("onboard", "--method", "ide", "--store", "keyfile", "--no-verify")
    assert code == 0, err
    assert "Signed in as monalisa" in err
    assert apps.read_bytes() == before
