"""The store before a sign-in: made, opened, moved aside, put back; and what is asked for it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_cli.errors import (
    Interrupted,
    KeyringLocked,
    KeyringUnavailable,
    SignInError,
    UsageError,
    WrongKey,
)
from tests.wizard_world import DEFAULT, Person, World

SEALED = "secrets/store.json"
ASIDE = f"{SEALED}.damaged-20250615T150640Z"
PHRASE = "made up for these tests"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def signed_in(world: World, store: str = "keyfile") -> bytes:
    """A sign-in that works; returns the store's bytes."""
    if store == "passphrase":
        world.environ["COPILOT_CHAT_PASSPHRASE"] = PHRASE
    world.onboard(method="device", store=store, verify=False)
    world.environ.pop("COPILOT_CHAT_PASSPHRASE", None)
    world.requests.clear()
    return (world.home / SEALED).read_bytes()


# --- which store ---------------------------------------------------------------------------------


@pytest.mark.parametrize("yes", [False, True])
def test_without_a_keyring_nobody_is_moved_down_the_ladder(world: World, yes: bool) -> None:
    """Nobody chose another store: exit code 10 with the choices as flags, and no request."""
    with pytest.raises(KeyringUnavailable) as failed:
        world.onboard(method="device", yes=yes)
    assert failed.value.exit_code == 10
    for flag in ("--store passphrase", "--store keyfile", "--store none", "--passphrase-fd"):
        assert flag in (failed.value.hint or "")
    assert world.endpoints == []
    assert world.files() == set()


def test_a_key_that_is_given_is_what_seals_a_new_store(world: World, tmp_path: Path) -> None:
    """No keyring is asked for: whoever names a key file means it."""
    world.onboard(method="device", yes=True, key_file=tmp_path / "key")
    assert (tmp_path / "key").is_file()
    assert 'store = "keyfile"' in world.config


def test_a_passphrase_that_is_given_is_what_seals_a_new_store(world: World) -> None:
    """As a key file is; of a store that is there it changes nothing."""
    for store in ("passphrase", "keyfile"):
        reader, writer = os.pipe()
        os.write(writer, PHRASE.encode())
        os.close(writer)
        world.onboard(method="device", yes=True, force=True, passphrase_fd=reader)
        os.close(reader)
        assert f'store = "{store}"' in world.config
        shutil.rmtree(world.home)
        signed_in(world)


def test_the_keyring_is_taken_without_a_question(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is one that works, the key goes there, and the store has a slot for it."""
    (tmp_path / "ring_of_these_tests.py").write_text(RING)
    monkeypatch.syspath_prepend(tmp_path)
    del world.environ["COPILOT_CHAT_NO_KEYRING"]
    ring = "keyring:ring_of_these_tests.Ring"
    person = Person()
    world.onboard(person, method="device", store=ring, model="sim-echo", verify=False)
    assert f"the key goes to {ring}" in person.said
    assert "its key is kept in the system's keyring" in person.said
    assert f'store = "{ring}"' in world.config
    world.onboard()
    assert "Already signed in as octocat" in world.said
    from ring_of_these_tests import KEPT  # type: ignore[import-not-found]

    assert [user for service, user in KEPT if service == "copilot-chat"] == [
        f"store:{world.build(None).vault.store.slots()[0][1]}"
    ]


RING = """
KEPT = {}


class Ring:
    priority = 1

    def get_password(self, service, username):
        return KEPT.get((service, username))

    def set_password(self, service, username, password):
        KEPT[service, username] = password

    def delete_password(self, service, username):
        del KEPT[service, username]
"""


def test_a_device_login_is_not_offered_to_be_lost(world: World) -> None:
    """`Do not store it` is for tokens that are kept elsewhere already."""
    person = Person(("How should the key", Interrupted("stop")))
    with pytest.raises(Interrupted):
        world.onboard(person, method="device")
    assert person.asked[0].values == ["passphrase", "keyfile", "cancel"]
    assert person.asked[0].default == "passphrase"
    assert "No usable keyring: the keyring is switched off" in person.said


def test_a_token_need_not_be_stored(world: World) -> None:
    """With a pasted token there is that choice, and it leaves the disk without it."""
    person = Person(
        ("How should the key", "none"), ("GitHub token", world.sim.sign_in()), ("Which", DEFAULT)
    )
    world.onboard(person, method="token")
    (models,) = world.files() - {"config.toml"}
    assert models.startswith("cache/models-")


@pytest.mark.parametrize("answer", ["cancel", "keyfile"])
def test_the_choice_can_be_taken_back(world: World, answer: str) -> None:
    """Cancel, or anything but the very words for the key file: 130 and nothing on disk."""
    person = Person(("How should the key", answer), ("Anyone who can read", "yes"))
    person.answers = person.answers[: 1 if answer == "cancel" else 2]
    with pytest.raises(Interrupted, match="nothing was written"):
        world.onboard(person, method="device")
    assert world.files() == set()
    assert world.endpoints == []


def test_a_key_inside_the_store_s_folder_is_refused(world: World) -> None:
    """It would travel with what it opens: exit code 2."""
    with pytest.raises(UsageError, match="beside what it opens"):
        world.onboard(method="device", store="keyfile", key_file=world.home / "secrets" / "key")
    assert world.endpoints == []


# --- the passphrase ------------------------------------------------------------------------------


def test_a_new_passphrase_is_typed_twice(world: World) -> None:
    """Two that differ are asked again; a good one is offered; a short one is remarked upon."""
    person = Person(
        ("Passphrase", "one"),
        ("The same again", "two"),
        ("Passphrase", "short"),
        ("The same again", "short"),
    )
    world.onboard(person, method="device", store="passphrase", model="sim-echo", verify=False)
    assert "They differ." in person.said
    assert "A good one, made up just now: " in person.said
    assert "under 12 characters is easy to guess" in person.said
    assert "short" not in world.config
    assert "its key comes from your passphrase" in person.said


def test_a_passphrase_from_a_descriptor(world: World) -> None:
    """`--passphrase-fd` serves a script, for a new store and for the one that is there."""
    for _ in range(2):
        reading, writing = os.pipe()
        os.write(writing, f"{PHRASE}\n".encode())
        os.close(writing)
        world.onboard(
            method="device",
            store="passphrase",
            passphrase_fd=reading,
            model="sim-echo",
            verify=False,
            force=True,
        )
        os.close(reading)
    world.environ["COPILOT_CHAT_PASSPHRASE"] = PHRASE
    world.onboard()
    assert "Already signed in as octocat" in world.said


@pytest.mark.parametrize("variable", [None, ""], ids=["unset", "empty"])
def test_a_new_passphrase_store_that_nobody_has_a_passphrase_for(
    world: World, variable: str | None
) -> None:
    """Nobody to type it and no variable: exit code 2 that names the flag, and no request."""
    if variable is not None:
        world.environ["COPILOT_CHAT_PASSPHRASE"] = variable
    with pytest.raises(UsageError) as failed:
        world.onboard(method="device", store="passphrase")
    assert failed.value.exit_code == 2
    assert "--passphrase-fd N or COPILOT_CHAT_PASSPHRASE" in (failed.value.hint or "")
    assert world.endpoints == []
    assert world.files() == set()


def test_a_passphrase_store_that_is_there_is_locked_without_one(world: World) -> None:
    """Nobody to type it and no variable: exit code 10, whatever the wish, and no request."""
    before = signed_in(world, "passphrase")
    for force in (False, True):
        with pytest.raises(KeyringLocked) as failed:
            world.onboard(method="device", store="passphrase", force=force)
        assert failed.value.exit_code == 10
    assert world.endpoints == []
    assert (world.home / SEALED).read_bytes() == before


def test_a_passphrase_that_opened_the_store_is_not_asked_again(world: World) -> None:
    """A new sign-in into the same store: the passphrase once, whatever it is needed for."""
    signed_in(world, "passphrase")
    person = Person(("Passphrase of the secret store", PHRASE))
    world.onboard(person, method="device", force=True, verify=False)
    assert "Signed in as octocat" in person.said


def test_a_wrong_passphrase_has_three_tries(world: World) -> None:
    """Then the store may be moved aside, by a yes; the usual answer is no, and nothing changes."""
    before = signed_in(world, "passphrase")
    person = Person(
        *[("Passphrase of the secret store", f"wrong {n}") for n in range(3)],
        ("Move the old store aside", DEFAULT),
    )
    with pytest.raises(WrongKey) as failed:
        world.onboard(person, method="device", force=True)
    assert failed.value.exit_code == 10
    assert (world.home / SEALED).read_bytes() == before
    assert world.endpoints == []


def test_a_wrong_passphrase_that_nobody_typed(world: World) -> None:
    """It may be mistyped all the same: exit code 10 unless forced, and then the store is kept."""
    before = signed_in(world, "passphrase")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = "another, made up for these tests"
    with pytest.raises(WrongKey) as failed:
        world.onboard(method="device", verify=False)
    assert failed.value.exit_code == 10
    assert (world.home / SEALED).read_bytes() == before
    assert world.endpoints == []
    world.onboard(method="device", verify=False, force=True)
    assert (world.home / ASIDE).read_bytes() == before
    assert "Signed in as octocat" in world.said


# --- a store that cannot be opened ---------------------------------------------------------------


def damage(world: World) -> None:
    (world.home / SEALED).write_bytes(b"{}")


def outdate(world: World) -> None:
    path = world.home / SEALED
    path.write_text(path.read_text().replace('"v":1', '"v":2', 1).replace('"v": 1', '"v": 2', 1))


def lose_the_key(world: World) -> None:
    (world.home / "key").unlink()


def change_the_key(world: World) -> None:
    name, _, digits = (world.home / "key").read_text().strip().partition(":")
    (world.home / "key").write_text(f"{name}:{digits[::-1]}\n")


PAST_USE = [damage, outdate, lose_the_key, change_the_key]


@pytest.mark.parametrize("person", [False, True], ids=["nobody", "a person"])
@pytest.mark.parametrize("spoil", PAST_USE, ids=lambda spoil: spoil.__name__)
def test_a_store_past_use_is_moved_aside_without_a_question(
    world: World, spoil: Callable[[World], None], person: bool
) -> None:
    """The wizard goes straight to a new sign-in; the old file is kept as it is, and named."""
    signed_in(world)
    spoil(world)
    before = (world.home / SEALED).read_bytes()
    if person:
        world.onboard(Person(("How do you want to sign in?", DEFAULT)), verify=False)
    else:
        world.onboard(method="device", verify=False)
    assert (world.home / ASIDE).read_bytes() == before
    assert ASIDE in world.said
    assert "The stored sign-in does not work any more" in world.said
    assert "Signed in as octocat" in world.said
    assert 'model = "sim-docs"' in world.config
    world.onboard()
    assert "Already signed in as octocat" in world.said


def test_a_file_that_is_no_key_is_not_written_over(world: World) -> None:
    """It may be somebody's: exit code 10, with it and the store as they were."""
    before = signed_in(world)
    (world.home / "key").write_text("not a key\n")
    with pytest.raises(WrongKey, match="not a key file of ours"):
        world.onboard(method="device", verify=False)
    assert (world.home / "key").read_text() == "not a key\n"
    assert (world.home / SEALED).read_bytes() == before
    assert not (world.home / ASIDE).exists()
    assert world.endpoints == []


def test_nothing_is_moved_where_the_way_to_sign_in_is_not_known(world: World) -> None:
    """Nobody says how to sign in: exit code 2, and the damaged store in its place."""
    signed_in(world)
    damage(world)
    with pytest.raises(UsageError, match="How do you want to sign in"):
        world.onboard()
    assert (world.home / SEALED).read_bytes() == b"{}"
    assert not (world.home / ASIDE).exists()


@pytest.mark.parametrize("fault", [{"error": "access_denied"}, {"status": 500, "times": 6}])
def test_it_is_put_back_where_the_sign_in_comes_to_nothing(
    world: World, fault: dict[str, object]
) -> None:
    """Nothing may be lost by a sign-in that is denied; what lies beside it stays too."""
    signed_in(world)
    (world.home / SEALED).write_bytes(b"{}")
    (world.home / f"{SEALED}.damaged-earlier").write_bytes(b"an earlier one")
    world.sim.fault("device_token", **fault)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"denied|500"):
        world.onboard(method="device", store="keyfile")
    assert (world.home / SEALED).read_bytes() == b"{}"
    assert (world.home / f"{SEALED}.damaged-earlier").read_bytes() == b"an earlier one"
    assert not (world.home / ASIDE).exists()
    assert (world.home / "key").exists()


def test_nothing_is_moved_before_the_next_store_can_be_made(world: World) -> None:
    """From a key file to a passphrase that nobody gives: exit code 2, the store in its place."""
    before = signed_in(world)
    with pytest.raises(UsageError, match="nobody is there to type a passphrase"):
        world.onboard(method="device", store="passphrase", force=True)
    assert (world.home / SEALED).read_bytes() == before


def test_what_seals_the_store_is_not_changed_in_passing(world: World) -> None:
    """Another --store than the one in use is exit code 2 that says how to use it."""
    signed_in(world)
    world.onboard(method="device", store="passphrase")
    assert "Already signed in" in world.said
    world.sim.scenario.login = "hubot"
    with pytest.raises(UsageError, match="sealed with a key file") as failed:
        world.onboard(method="device", store="passphrase", options={"account": "hubot"})
    assert "leave --store out" in (failed.value.hint or "")


def test_the_store_that_is_there_is_used_without_its_setting(world: World) -> None:
    """The settings file was removed: the store's own file says what seals it."""
    signed_in(world)
    (world.home / "config.toml").unlink()
    world.onboard(method="device", verify=False, force=True)
    assert 'store = "keyfile"' in world.config


def test_a_refused_sign_in_leaves_no_passphrase_store(world: World) -> None:
    """A store that was made for it goes again."""
    world.environ["COPILOT_CHAT_PASSPHRASE"] = PHRASE
    world.sim.fault("device_token", error="access_denied")
    with pytest.raises(SignInError):
        world.onboard(method="device", store="passphrase")
    assert world.files() == set()
    assert not (world.home / "secrets").exists()
