"""`keys move` and `rotate`: what is asked, what is said, and what comes of it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.errors import Interrupted, WrongKey
from copilot_cli.key_changes import KeyChanges, NewPlace
from tests.key_world import FIRST, MINE, OCTOCAT, SECOND, names, passed, signed_in
from tests.wizard_world import Person, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return signed_in(tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> World:
    """Another machine, where nothing is stored."""
    return World(tmp_path / "other")


def move(world: World, person: Person, kind: str, **options: Any) -> list[str]:
    """Move on a terminal."""
    keep = options.pop("keep", False)
    app = world.build(person)
    lines = list(KeyChanges(app).move(NewPlace(kind, **options), keep=keep))
    assert not person.answers, f"never asked: {person.answers}"
    return lines


# Moving


def test_a_move_to_a_passphrase_and_back(world: World) -> None:
    """Without a terminal: the variable, then the key file; the settings say it, and all works."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    code, out, err = world.run("keys", "move", "--to", "passphrase")
    assert (code, out) == (0, "")
    assert err == f"the store now opens with a passphrase\nremoved {world.home / 'key'}\n"
    assert 'store = "passphrase"' in world.config
    assert world.run("ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert world.run("keys", "move", "--to", "keyfile")[0] == 0
    del world.environ["COPILOT_CHAT_PASSPHRASE"]
    assert world.run("ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert names(world) == [MINE, OCTOCAT]


def test_a_passphrase_from_a_descriptor(world: World) -> None:
    """`--passphrase-fd`; one newline at its end is none of it."""
    with passed(f"{FIRST}\n") as descriptor:
        code, _, err = world.run(
            "keys", "move", "--to", "passphrase", "--passphrase-fd", descriptor
        )
    assert code == 0, err
    assert world.run("accounts", "--json")[2].startswith("kind and end are not known")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    assert world.run("accounts", "--json")[2] == ""


def test_nobody_to_type_a_passphrase(world: World) -> None:
    """Exit code 2 with the ways to give it; nothing is changed."""
    before = world.files()
    code, _, err = world.run("keys", "move", "--to", "passphrase")
    assert code == 2
    assert "--passphrase-fd N or COPILOT_CHAT_PASSPHRASE" in err
    assert world.files() == before
    assert names(world) == [MINE, OCTOCAT]


def test_a_person_types_a_new_passphrase_twice(world: World) -> None:
    """Until both are the same; a short one is kept with a word about it."""
    person = Person(
        ("Passphrase", "short"),
        ("The same again", "shorter"),
        ("Passphrase", "short"),
        ("The same again", "short"),
    )
    move(world, person, "passphrase")
    assert "They differ." in person.said
    assert "easy to guess" in person.said


def test_a_passphrase_is_changed(world: World) -> None:
    """The variable opens what is there; the new one is typed, or comes from a descriptor."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    world.run("keys", "move", "--to", "passphrase")
    code, _, err = world.run("keys", "move", "--to", "passphrase")
    assert code == 2
    assert "give it with --passphrase-fd N\n" in err
    move(world, Person(("Passphrase", SECOND), ("The same again", SECOND)), "passphrase")
    assert world.run("usage")[0] == 10
    world.environ["COPILOT_CHAT_PASSPHRASE"] = SECOND
    assert world.run("usage")[0] == 0


def test_the_present_passphrase_has_three_tries(world: World) -> None:
    """Then the error, and nothing is changed."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    world.run("keys", "move", "--to", "passphrase")
    del world.environ["COPILOT_CHAT_PASSPHRASE"]
    question = "Passphrase of the secret store"
    person = Person((question, "wrong"), (question, FIRST))
    move(world, person, "keyfile", yes=True)
    assert "wrong" in person.said
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    world.run("keys", "move", "--to", "passphrase")
    del world.environ["COPILOT_CHAT_PASSPHRASE"]
    with pytest.raises(WrongKey):
        move(world, Person(*[(question, "wrong")] * 3), "keyfile", yes=True)


def test_a_key_file_is_confirmed_by_typing(world: World) -> None:
    """A person types it; a script says it with the option alone, as onboarding has it."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    world.run("keys", "move", "--to", "passphrase")
    with pytest.raises(Interrupted):
        move(world, Person(("Anyone who can read", "no")), "keyfile")
    assert not (world.home / "key").exists()
    move(world, Person(("Anyone who can read", "key file")), "keyfile")
    assert (world.home / "key").exists()


def test_another_key_file(world: World) -> None:
    """Its path is in the settings, and the old file is gone."""
    path = world.home.parent / "stick" / "key"
    code, _, err = world.run("keys", "move", "--to", "keyfile", "--key-file", str(path))
    assert code == 0, err
    assert f'key_file = "{path}"' in world.config
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (world.home / "key").exists()
    assert world.run("usage")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "keyfile"], "the store opens with a key file already"),
        (["--to", "keyfile", "--key-file", "{home}/key"], "opens with a key file already"),
        (["--to", "keyfile", "--key-file", "{home}/secrets/key"], "beside what it opens"),
        (["--to", "none"], "--to: a key has to be kept somewhere"),
        (["--to", "elsewhere"], "--to: must be one of"),
        (["--to", "passphrase", "--key-file", "x"], "--key-file goes with a key file only"),
        ([], "missing option '--to'"),
    ],
)
def test_a_move_that_cannot_be(world: World, words: list[str], said: str) -> None:
    """Exit code 2, and nothing is changed."""
    before = (world.home / "secrets" / "store.json").read_bytes()
    code, _, err = world.run("keys", "move", *[word.format(home=world.home) for word in words])
    assert code == 2
    assert said in err
    assert (world.home / "secrets" / "store.json").read_bytes() == before


def test_no_keyring_to_move_to(world: World) -> None:
    """Exit code 10; the store opens as it did, and nothing is noted in it."""
    code, _, err = world.run("keys", "move", "--to", "keyring")
    assert code == 10
    assert "the keyring is switched off" in err
    found = json.loads(world.run("keys", "status", "--json")[1])
    assert [(slot["type"], slot["left_over"]) for slot in found["slots"]] == [("keyfile", False)]


def test_a_second_way_to_open_the_store(world: World) -> None:
    """`--keep`: both are in the status, and who loses the one is told of the other."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    code, _, err = world.run("keys", "move", "--to", "passphrase", "--keep")
    assert code == 0
    assert "to open it with a key file again: copilot-chat config set store keyfile\n" in err
    rows = world.run("keys", "status")[1].splitlines()
    assert [row.split("\t")[1].split()[0] for row in rows if row.startswith("slot")] == [
        "passphrase",
        "keyfile",
    ]
    world.environ["COPILOT_CHAT_PASSPHRASE"] = "forgotten"
    code, _, err = world.run("usage")
    assert code == 10
    assert "it opens with keyfile too: copilot-chat config set store keyfile" in err
    world.run("config", "set", "store", "keyfile")
    assert world.run("usage")[0] == 0


@pytest.mark.parametrize("words", [["move", "--to", "passphrase"], ["rotate"], ["export"]])
def test_nothing_is_stored(other: World, words: list[str]) -> None:
    """Exit code 10, and nothing is made."""
    more = ["--stdout"] if words == ["export"] else []
    assert other.run("keys", *words, *more)[0] == 10
    assert not other.home.exists()


@pytest.mark.parametrize("words", [["move", "--to", "passphrase"], ["rotate"]])
def test_a_damaged_store_is_left_alone(world: World, words: list[str]) -> None:
    """Exit code 10."""
    path = world.home / "secrets" / "store.json"
    path.write_bytes(b"{}")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = FIRST
    assert world.run("keys", *words)[0] == 10
    assert path.read_bytes() == b"{}"


# What the status says


def test_entries_are_named_in_words(world: World) -> None:
    """A sign-in, an endpoint's key, and the key of conversations that a rotation left."""
    world.run("keys", "rotate")
    out = world.run("keys", "status")[1]
    assert "entry\tthe sign-in of octocat on github.com\n" in out
    assert "entry\tthe key of the endpoint mine (localhost)\n" in out
    assert "entry\tthe key of earlier conversations\n" in out


# Rotating


def test_a_rotation(world: World) -> None:
    """Everything works on, and the old key file and store are of no use to each other."""
    key, store = (world.home / "key").read_bytes(), world.home / "secrets" / "store.json"
    old = store.read_bytes()
    world.run("ask", "-m", "sim-echo", "hello")
    code, out, err = world.run("keys", "rotate")
    assert (code, out, err) == (0, "", "the store is sealed under new keys\n")
    assert world.run("ask", "-m", "sim-echo", "hello")[:2] == (0, "hello")
    assert names(world) == [MINE, OCTOCAT]
    assert (world.home / "key").read_bytes() != key
    store.write_bytes(old)
    assert world.run("usage")[0] == 10


def test_sealed_conversations_are_sealed_anew(world: World) -> None:
    """All of them open after it; a copy that was made before opens too."""
    world.run("config", "set", "history_sealed", "true")
    world.run("ask", "-m", "sim-echo", "a word that is searched")
    shown = world.run("sessions", "show")[1]
    database = world.home / "conversations.db"
    copy = database.read_bytes()
    code, _, err = world.run("keys", "rotate")
    assert code == 0
    assert "texts of conversations anew\n" in err
    assert database.read_bytes() != copy
    app = world.build(None)
    older = app.vault.older_history_keys
    assert len(older()) == 1
    app.vault.older_history_keys = lambda: ()  # type: ignore[method-assign]
    assert app.sessions.recent()[0].title == "a word that is searched"
    app.close()
    assert world.run("sessions", "show")[1] == shown
    for path in world.home.glob("conversations.db-*"):
        path.unlink()
    database.write_bytes(copy)
    assert world.run("sessions", "show")[1] == shown
    assert world.run("sessions", "search", "searched")[0] == 0


def test_a_conversation_goes_on_over_a_rotation(world: World) -> None:
    """Messages sealed before and after it, in one conversation."""
    world.run("config", "set", "history_sealed", "true")
    world.run("ask", "-m", "sim-echo", "before")
    world.run("keys", "rotate")
    world.run("ask", "-m", "sim-echo", "-c", "after")
    out = world.run("sessions", "show", "--json")[1]
    texts = [message["text"] for message in json.loads(out)["messages"]]
    assert texts == ["before", "before", "after", "after"]


def test_conversations_that_are_sealed_no_longer_open_all_the_same(world: World) -> None:
    """`history_sealed` was switched off: nothing is sealed anew, and nothing is laid open."""
    world.run("config", "set", "history_sealed", "true")
    world.run("ask", "-m", "sim-echo", "a sealed word")
    world.run("config", "unset", "history_sealed")
    assert "anew" not in world.run("keys", "rotate")[2]
    assert "a sealed word" in world.run("sessions", "show")[1]
    assert b"a sealed word" not in (world.home / "conversations.db").read_bytes()
