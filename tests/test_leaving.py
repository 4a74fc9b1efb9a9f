"""Signing out and leaving no trace: what goes, what stays, what cannot be removed."""

import base64
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.store.sealed import EntryName
from tests.wizard_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world with two accounts, a conversation and input lines."""
    made = World(tmp_path / "home")
    for login in ("hubot", "octocat"):
        made.sim.scenario.login = login
        made.onboard(method="device", store="keyfile", verify=False, force=True)
    made.run("ask", "-m", "sim-echo", "hello")
    (made.home / "history").write_text("hello\n")
    (made.home / "trusted.json").write_text("{}")
    (made.home / "trusted.lock").touch()
    return made


def logins(world: World) -> list[str]:
    return [name.user for name in world.build(None).vault.store.names()]


def test_one_account_goes_and_the_other_stays(world: World) -> None:
    """The account of the settings; they name it no longer, so the other one is used."""
    code, out, err = world.run("logout")
    assert (code, out) == (0, "")
    assert err.startswith("signed out octocat of github.com\n")
    assert "/settings/applications" in err
    assert "still signed in: hubot on github.com\n" in err
    assert logins(world) == ["hubot"]
    assert "account" not in world.config
    assert world.run("status")[0] == 0


def test_an_account_by_its_name(world: World) -> None:
    """`--account`, in any case; the settings keep naming the other."""
    assert world.run("--account", "HUBOT", "logout")[0] == 0
    assert logins(world) == ["octocat"]
    assert 'account = "octocat"' in world.config


def test_an_account_that_is_not_there(world: World) -> None:
    """Exit code 2, with those that are; nothing goes."""
    code, _, err = world.run("--account", "nobody", "logout")
    assert code == 2
    assert "signed in: hubot, octocat" in err
    assert len(logins(world)) == 2


def test_all_accounts(world: World) -> None:
    """Store, key and Copilot tokens go; settings and conversations stay."""
    code, _, err = world.run("logout", "--all")
    assert code == 0
    assert "signed out hubot" in err
    assert "signed out octocat" in err
    left = world.files()
    assert not [name for name in left if name.startswith(("secrets", "key", "cache/token"))], left
    assert {"config.toml", "conversations.db", "history"} <= left
    assert world.run("ask", "-m", "sim-echo", "hello")[0] == 3


def test_purge_leaves_nothing(world: World) -> None:
    """Every file of ours, and the folder itself."""
    code, _, err = world.run("logout", "--all", "--purge", "--yes")
    assert code == 0
    assert not world.home.exists()
    for name in ("config.toml", "conversations.db", "history", "key", "cache/token-"):
        assert f"removed {world.home / name}" in err


def test_purge_finds_the_platform_s_own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, data, cache and runtime folders of the system: ours are gone from each."""
    monkeypatch.setenv("HOME", str(tmp_path))
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    world = World(tmp_path / "unused")
    del world.environ["COPILOT_CHAT_HOME"]
    world.environ["XDG_RUNTIME_DIR"] = str(runtime)
    assert world.run("onboard", "--method", "device", "--store", "keyfile", "--no-verify")[0] == 0
    assert world.run("ask", "-m", "sim-echo", "hello")[0] == 0
    assert [path for path in tmp_path.rglob("*") if "copilot-chat" in path.name]
    code, _, err = world.run("logout", "--all", "--purge", "--yes")
    assert code == 0, err
    assert [path for path in tmp_path.rglob("*") if "copilot-chat" in str(path)] == []


def test_purge_leaves_what_is_not_ours(world: World) -> None:
    """`--home` may be a folder with other things in it, of names much like ours."""
    mine = {"notes.txt", "config.json", "conversations.md", "cache/of-something-else", "history.md"}
    for name in mine:
        (world.home / name).write_text("mine")
    assert world.run("logout", "--all", "--purge", "--yes")[0] == 0
    assert world.files() == mine


def test_purge_finds_what_was_half_made_or_kept_aside(world: World) -> None:
    """What a power cut left, and what was damaged once."""
    for name in (
        ".config.toml.0123456789abcdef.tmp",
        "conversations.db.damaged-20250615T150640Z",
        "conversations.db-wal",
        "secrets/store.json.damaged-20250615T150640Z",
        "cache/.models.json.0123456789abcdef.tmp",
    ):
        (world.home / name).write_text("x")
    assert world.run("logout", "--all", "--purge", "--yes")[0] == 0
    assert not world.home.exists()


def test_purge_asks(world: World) -> None:
    """Without --yes and without a person: exit code 2 that names it, and nothing is gone."""
    before = world.files()
    code, _, err = world.run("logout", "--purge")
    assert code == 2
    assert "--yes" in err
    assert world.files() == before


def edited(world: World, change: Callable[[dict[str, Any]], object]) -> bytes:
    """Change the store's file, as a fault of the disk or a newer version would."""
    path = world.home / "secrets" / "store.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    return path.read_bytes()


def flip(document: dict[str, Any]) -> None:
    sealed = bytearray(base64.b64decode(document["entries"]["ct"]))
    sealed[0] ^= 1
    document["entries"]["ct"] = base64.b64encode(sealed).decode()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda document: document.clear(), id="damaged"),
        pytest.param(flip, id="a bit of what is sealed"),
        pytest.param(lambda document: document.update(v=2), id="newer"),
        pytest.param(lambda document: document.update(kid="0" * 16), id="its readable head"),
    ],
)
@pytest.mark.parametrize("words", [["--all"], []], ids=["all", "one"])
def test_a_store_that_cannot_be_used_is_left_alone(
    world: World, change: Callable[[dict[str, Any]], object], words: list[str]
) -> None:
    """Exit code 10, nothing is touched, and the way out; the last account is no exception."""
    before = edited(world, change)
    kept = world.files()
    code, _, err = world.run("logout", *words)
    assert code == 10
    assert "`copilot-chat logout --purge` removes it as it is" in err
    assert (world.home / "secrets" / "store.json").read_bytes() == before
    assert world.files() == kept


def test_a_store_whose_key_is_gone_is_left_alone(world: World) -> None:
    """The key may be on a disk that is not there just now."""
    (world.home / "key").unlink()
    code, _, err = world.run("logout", "--all")
    assert code == 10
    assert "the key file" in err
    assert "logout --purge" in err
    assert len(logins(world)) == 2


def test_a_locked_store_is_left_alone(tmp_path: Path) -> None:
    """Nobody is there to type the passphrase: exit code 10."""
    world = World(tmp_path / "home")
    world.environ["COPILOT_CHAT_PASSPHRASE"] = "made up for these tests"
    world.onboard(method="device", store="passphrase", verify=False)
    passphrase = world.environ.pop("COPILOT_CHAT_PASSPHRASE")
    assert world.run("logout")[0] == 10
    world.environ["COPILOT_CHAT_PASSPHRASE"] = passphrase
    assert world.run("logout")[0] == 0
    assert "secrets/store.json" not in world.files()


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00" * 64], ids=["empty", "object", "zeros"])
def test_a_damaged_store_can_be_purged(world: World, damage: bytes) -> None:
    """Who leaves need not repair anything first."""
    (world.home / "secrets" / "store.json").write_bytes(damage)
    code, _, err = world.run("logout", "--all", "--purge", "--yes")
    assert not (world.home / "secrets").exists(), err
    assert not (world.home / "config.toml").exists()
    assert code == 0, err


def test_what_cannot_be_removed_is_named_after_the_rest(world: World) -> None:
    """A key file that is a folder: exit code 1 names it, everything else is gone."""
    key = world.home / "key"
    key.unlink()
    key.mkdir()
    (key / "in-the-way").write_text("x")
    code, _, err = world.run("logout", "--all", "--purge", "--yes")
    assert code == 1
    assert "error: could not remove" in err
    assert str(key) in err
    assert world.files() == {"key/in-the-way"}
    assert stat.S_ISDIR(key.stat().st_mode)


def test_nobody_is_signed_in(tmp_path: Path) -> None:
    """Nothing to do is no failure."""
    world = World(tmp_path / "home")
    assert world.run("logout") == (0, "", "nobody is signed in to github.com\n")
    assert world.run("logout", "--all", "--purge", "--yes")[0] == 0
    assert not world.home.exists()


def test_the_key_of_sealed_conversations_stays(world: World) -> None:
    """Signing out is no way to lose what was said: the next sign-in can read it again."""
    assert world.run("config", "set", "history_sealed", "true")[0] == 0
    shown = world.run("sessions", "show")[1]
    code, _, err = world.run("logout", "--all")
    assert code == 0
    assert "the secret store stays" in err
    assert logins(world) == []
    assert world.run("sessions", "show")[1] == shown
    assert "hello" in shown


# Several hosts, and what else is in the store

OCTO = "octo.ghe.com"
MINE = EntryName("byok", "localhost", "mine")


@pytest.fixture
def hosts(world: World) -> World:
    """The world with an account on a company's own host too, of a name that is known elsewhere."""
    for login in ("mona", "octocat"):
        world.sim.scenario.login = login
        world.onboard(method="device", verify=False, force=True, options={"host": OCTO})
    return world


def stored(world: World) -> list[tuple[str, str]]:
    return [(name.host, name.user) for name in world.build(None).vault.store.names()]


GITHUB = [("github.com", "hubot"), ("github.com", "octocat")]
COMPANY = [(OCTO, "mona"), (OCTO, "octocat")]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        pytest.param([], [*GITHUB, COMPANY[0]], id="who is meant"),
        pytest.param(["--account", "mona"], [*GITHUB, COMPANY[1]], id="a name"),
        pytest.param(
            ["--host", "github.com", "--account", "octocat"], [GITHUB[0], *COMPANY], id="both"
        ),
        pytest.param(["--host", "github.com", "--all"], COMPANY, id="all of a host"),
        pytest.param(["--all"], [], id="all"),
    ],
)
def test_only_what_was_asked_goes(
    hosts: World, words: list[str], left: list[tuple[str, str]]
) -> None:
    """Of two accounts on each of two hosts; a login may be there on both."""
    glob = [word for word in words if word != "--all"]
    code, _, err = hosts.run(*glob, "logout", *[word for word in words if word == "--all"])
    assert code == 0
    assert stored(hosts) == left
    gone = {host for host, _ in {*GITHUB, *COMPANY} - set(left)}
    for host in ("github.com", OCTO):
        assert (f"https://{host}/settings/applications" in err) == (host in gone)
    assert ("secrets/store.json" in hosts.files()) == bool(left)


def test_the_choice_of_another_host_stays(hosts: World) -> None:
    """The settings name octocat of the company; octocat of github.com is another."""
    assert hosts.run("--host", "github.com", "--account", "octocat", "logout")[0] == 0
    assert f'host = "{OCTO}"\naccount = "octocat"' in hosts.config
    assert hosts.run("--account", "octocat", "logout")[0] == 0
    assert "account" not in hosts.config
    assert f'host = "{OCTO}"' in hosts.config


def test_all_and_a_name_contradict(hosts: World) -> None:
    """Exit code 2, and nothing goes."""
    assert hosts.run("--account", "mona", "logout", "--all")[0] == 2
    assert len(stored(hosts)) == 4


def test_nobody_here_but_elsewhere(hosts: World) -> None:
    """Who is signed in where is said."""
    code, _, err = hosts.run("--host", "other.ghe.com", "logout")
    assert code == 0
    assert err == (
        "nobody is signed in to other.ghe.com; signed in: hubot on github.com, octocat on "
        f"github.com, mona on {OCTO}, octocat on {OCTO}\n"
    )


def test_the_keys_of_endpoints_stay(world: World) -> None:
    """They are no sign-ins; `--purge` takes them along."""
    value = {"key": "sk-madeUpForTests000000000000"}
    world.build(None).vault.store.put(MINE, value)
    code, _, err = world.run("logout", "--all")
    assert code == 0
    assert "the secret store stays: it has the keys of your own endpoints\n" in err
    store = world.build(None).vault.store
    assert store.entries() == {MINE: value}
    assert world.run("logout", "--all", "--purge", "--yes")[0] == 0
    assert not world.home.exists()


def test_a_store_with_nothing_but_keys_of_old_conversations_goes(world: World) -> None:
    """None of them is sealed, so they open nothing."""
    assert world.run("keys", "rotate")[0] == 0
    assert world.run("logout", "--all")[0] == 0
    assert "secrets/store.json" not in world.files()
    assert "key" not in world.files()
