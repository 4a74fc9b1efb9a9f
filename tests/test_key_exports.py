"""`keys export` and `import`: what is asked, what is said, and what comes of it."""

import json
import os
import stat
from pathlib import Path

import pytest

from copilot_cli.errors import WrongKey
from copilot_cli.key_exports import KeyExports
from copilot_cli.main import main
from copilot_cli.store.sealed import EntryName
from tests.key_world import FIRST, KEY, MINE, OCTOCAT, SECOND, names, passed, signed_in
from tests.wizard_world import Person, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return signed_in(tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> World:
    """Another machine, where nothing is stored."""
    return World(tmp_path / "other")


# Exporting


def export(world: World, path: Path, passphrase: str = SECOND) -> None:
    with passed(passphrase) as descriptor:
        code, out, err = world.run(
            "keys", "export", "--out", str(path), "--passphrase-fd", descriptor
        )
    assert (code, out) == (0, ""), err
    assert "exported 2 entries" in err


def read_in(world: World, path: Path, *words: str, passphrase: str = SECOND) -> tuple[int, str]:
    with passed(passphrase) as descriptor:
        code, out, err = world.run(
            "keys", "import", str(path), "--passphrase-fd", descriptor, *words
        )
    assert out == ""
    return code, err


def test_an_export_is_private_and_sealed(world: World, tmp_path: Path) -> None:
    """0600, one passphrase slot, keys of its own, and nothing legible of what it holds."""
    path = tmp_path / "export"
    export(world, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_bytes())
    mine = json.loads((world.home / "secrets" / "store.json").read_bytes())
    assert [slot["type"] for slot in document["slots"]] == ["passphrase"]
    assert document["kid"] != mine["kid"]
    for secret in (*world.sim.secrets(), KEY["key"]):
        assert secret.encode() not in path.read_bytes()


def test_an_export_is_worth_more_work(world: World, tmp_path: Path) -> None:
    """Its passphrase is stretched twice as long as a store's: N is 2^18."""
    app = world.build(None)
    app.effects.key_cost = None
    with passed(SECOND) as descriptor:
        data, _ = KeyExports(app).export(int(descriptor))
    assert json.loads(data)["slots"][0]["kdf"]["ln"] == 18


def test_an_export_never_replaces_a_file(world: World, tmp_path: Path) -> None:
    """Nor does it follow a link, and nobody is asked for a passphrase first."""
    path, link = tmp_path / "export", tmp_path / "link"
    path.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for target in (path, link, Path(os.devnull)):
        code, _, err = world.run("keys", "export", "--out", str(target))
        assert code == 2
        assert "is there already, and is not replaced" in err
    assert path.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("words", [[], ["--stdout", "--out", "x"]], ids=["neither", "both"])
def test_an_export_has_one_place(world: World, words: list[str]) -> None:
    """Exit code 2: it never goes to standard output by itself."""
    code, out, err = world.run("keys", "export", *words)
    assert (code, out) == (2, "")
    assert "--out FILE, or --stdout" in err


def test_an_export_whose_name_is_too_long(world: World) -> None:
    """The disk's own word for it is wrong usage, and no traceback."""
    with passed(SECOND) as descriptor:
        code, _, err = world.run(
            "keys", "export", "--out", "a" * 300, "--passphrase-fd", descriptor
        )
    assert code == 2
    assert "cannot be written: File name too long" in err


def test_an_export_that_cannot_be_written(world: World, tmp_path: Path) -> None:
    """Exit code 2, with the reason."""
    with passed(SECOND) as descriptor:
        code, _, err = world.run(
            "keys", "export", "--out", str(tmp_path / "no" / "x"), "--passphrase-fd", descriptor
        )
    assert code == 2
    assert "cannot be written: No such file or directory" in err


def test_an_export_through_a_pipe(world: World, other: World) -> None:
    """`--stdout` on one side, `-` on the other."""
    with passed(SECOND) as descriptor:
        code, out, _ = world.run("keys", "export", "--stdout", "--passphrase-fd", descriptor)
    assert code == 0
    with passed(SECOND) as descriptor:
        words = ("keys", "import", "-", "--store", "keyfile", "--passphrase-fd", descriptor)
        code, _, err = other.run(*words, stdin=out)
    assert code == 0, err
    assert names(other) == [MINE, OCTOCAT]


def test_the_variable_of_the_store_seals_no_export(world: World, tmp_path: Path) -> None:
    """It is the store's passphrase, and an export leaves the machine."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    code, _, err = world.run("keys", "export", "--out", str(tmp_path / "export"))
    assert code == 2
    assert "nobody is there to type a passphrase for the export" in err


# Importing


def test_an_import_makes_a_store_where_there_is_none(
    world: World, other: World, tmp_path: Path
) -> None:
    """Sealed as `--store` says, which the settings then know; the sign-in works at once."""
    path = tmp_path / "export"
    export(world, path)
    other.sim = world.sim
    code, err = read_in(other, path, "--store", "keyfile")
    assert code == 0
    assert err == (
        "added the key of the endpoint mine (localhost)\n"
        "added the sign-in of octocat on github.com\n"
    )
    assert names(other) == [MINE, OCTOCAT]
    assert other.config == 'store = "keyfile"\n'
    assert other.run("ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert other.build(None).vault.store.get(MINE) == KEY


def test_the_key_of_sealed_conversations_goes_along(
    world: World, other: World, tmp_path: Path
) -> None:
    """A copy of the conversations opens on the other machine."""
    world.run("config", "set", "history_sealed", "true")
    world.run("ask", "-m", "sim-echo", "hello")
    path = tmp_path / "export"
    export(world, path)
    read_in(other, path, "--store", "keyfile")
    (other.home / "conversations.db").write_bytes((world.home / "conversations.db").read_bytes())
    assert other.run("sessions", "show")[1] == world.run("sessions", "show")[1]


def test_an_import_adds_to_what_is_there(world: World, other: World, tmp_path: Path) -> None:
    """What is there and equal stays, what is there alone stays, the rest is added."""
    path = tmp_path / "export"
    export(world, path)
    other.sim.scenario.login = "hubot"
    other.onboard(method="device", store="keyfile", verify=False)
    hubot = EntryName("github", "github.com", "hubot")
    assert read_in(other, path)[0] == 0
    assert names(other) == [MINE, hubot, OCTOCAT]
    before = (other.home / "secrets" / "store.json").read_bytes()
    code, err = read_in(other, path)
    assert code == 0
    assert err.count("already there:") == 2
    assert (other.home / "secrets" / "store.json").read_bytes() == before


@pytest.mark.parametrize("flag", ["--replace", "--keep", None])
def test_what_is_there_with_another_value(world: World, tmp_path: Path, flag: str | None) -> None:
    """A flag decides; without one and without a person: exit code 2, and nothing is changed."""
    path = tmp_path / "export"
    export(world, path)
    fresh = {"key": "sk-anotherMadeUpForTests00000"}
    world.build(None).vault.store.put(MINE, fresh)
    code, err = read_in(world, path, *([flag] if flag else []))
    kept = world.build(None).vault.store.get(MINE)
    if flag is None:
        assert code == 2
        assert "not the same: the key of the endpoint mine (localhost)" in err
        assert "--replace or --keep" in err
    else:
        assert code == 0
        assert ("replaced the key" in err) == (flag == "--replace")
        assert ("kept what is there of the key" in err) == (flag == "--keep")
    assert kept == (KEY if flag == "--replace" else fresh)


@pytest.mark.parametrize("yes", [True, False])
def test_a_person_is_asked_about_each(world: World, tmp_path: Path, yes: bool) -> None:
    """No is the default."""
    path = tmp_path / "export"
    export(world, path)
    world.build(None).vault.store.put(MINE, {"key": "another"})
    person = Person((f"Passphrase of {path}", SECOND), ("Replace the key of the endpoint", yes))
    changes = KeyExports(world.build(person))
    entries = changes.read_export(path.read_bytes(), str(path), None)
    list(changes.merge(entries, None, replace=None))
    assert person.asked[-1].default is False
    assert (world.build(None).vault.store.get(MINE) == KEY) == yes


def test_the_passphrase_of_an_export_has_three_tries(world: World, tmp_path: Path) -> None:
    """On a terminal; a script has one."""
    path = tmp_path / "export"
    export(world, path)
    question = f"Passphrase of {path}"
    person = Person((question, "wrong"), (question, "wrong"), (question, SECOND))
    entries = KeyExports(world.build(person)).read_export(path.read_bytes(), str(path), None)
    assert set(entries) >= {MINE, OCTOCAT}
    person = Person(*[(question, "wrong")] * 3)
    with pytest.raises(WrongKey, match="the passphrase is wrong"):
        KeyExports(world.build(person)).read_export(path.read_bytes(), str(path), None)
    code, err = read_in(world, path, passphrase="wrong")
    assert code == 10
    assert f"{path}: the passphrase is wrong" in err


def test_nobody_knows_the_passphrase(world: World, other: World, tmp_path: Path) -> None:
    """Exit code 2 naming the option; the variable does, too."""
    path = tmp_path / "export"
    export(world, path, FIRST)
    code, _, err = other.run("keys", "import", str(path), "--store", "keyfile")
    assert code == 2
    assert "--passphrase-fd" in err
    other.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    assert other.run("keys", "import", str(path), "--store", "keyfile")[0] == 0


def test_a_store_that_is_there_is_moved_by_move(world: World, tmp_path: Path) -> None:
    """`--store` is for a new one."""
    path = tmp_path / "export"
    export(world, path)
    code, err = read_in(world, path, "--store", "passphrase")
    assert code == 2
    assert "keys move" in err


def test_no_keyring_to_import_into(world: World, other: World, tmp_path: Path) -> None:
    """Exit code 10 with the choices; nothing is made."""
    path = tmp_path / "export"
    export(world, path)
    code, err = read_in(other, path)
    assert code == 10
    assert "--store passphrase" in err
    assert other.files() == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere cannot be read: No such file"),
        (["."], ". cannot be read: Is a directory"),
        (["x", "--replace", "--keep"], "exclude each other"),
    ],
)
def test_an_import_that_cannot_be(world: World, words: list[str], said: str) -> None:
    """Exit code 2."""
    code, _, err = world.run("keys", "import", *words)
    assert code == 2
    assert said in err


def test_a_store_of_another_machine_is_no_export(
    world: World, other: World, tmp_path: Path
) -> None:
    """Its key is not in it; one that a passphrase opens can be imported as it is."""
    path = tmp_path / "store.json"
    store = world.home / "secrets" / "store.json"
    path.write_bytes(store.read_bytes())
    code, err = read_in(other, path, "--store", "keyfile")
    assert code == 10
    assert "keys export" in err
    world.environ["COPILOT_CHAT_PASSPHRASE"] = SECOND
    world.run("keys", "move", "--to", "passphrase", "--keep")
    path.write_bytes(store.read_bytes())
    assert read_in(other, path, "--store", "keyfile")[0] == 0


def test_standard_input_on_a_terminal(world: World) -> None:
    """Exit code 2: nothing is there to read."""
    assert main(["keys", "import", "-"], world.build(Person()).effects) == 2
    assert "standard input is a terminal" in world.stderr.getvalue()
