"""`engine status`, `install` and `remove`: what each prints, asks and returns."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.runtime import versions
from tests.runtime_packages import VERSION, npm_package, sha512
from tests.runtime_world import RuntimeWorld, runtime_world
from tests.runtimes import runtime_program
from tests.test_docs_examples import examples

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="its stand-ins are scripts"),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuntimeWorld]:
    with runtime_world(tmp_path) as made:
        yield made


def install(world: RuntimeWorld, *words: str) -> tuple[int, str, str]:
    """Install what the registry has; the program's own pins are of the real package."""
    return world.run(
        "engine",
        "install",
        *words,
        "--url",
        f"{world.registry.url}/x.tgz",
        "--sha512",
        world.registry.digest,
    )


def other_version(world: RuntimeWorld, version: str = "1.0.92") -> None:
    file = world.folder / "other.tgz"
    file.write_bytes(npm_package(world.here, version))
    code, _, err = world.run(
        "engine", "install", version, "--file", str(file), "--sha512", sha512(file.read_bytes())
    )
    assert code == 0, err


def test_who_uses_what_was_installed(world: RuntimeWorld) -> None:
    """Not another version, nor what is passed over for the program that a variable names."""
    _, _, err = install(world)
    assert err.endswith("it answers. `--engine official` uses it\n")
    file = world.folder / "other.tgz"
    file.write_bytes(npm_package(world.here, "1.0.92"))
    given = ("1.0.92", "--file", str(file), "--sha512", sha512(file.read_bytes()))
    _, _, err = world.run("engine", "install", *given)
    assert "For `--engine official` to use it, set GITHUB_COPILOT_CLI_VERSION=1.0.92\n" in err
    world.environ["COPILOT_CLI_PATH"] = str(runtime_program(world.folder))
    _, _, err = world.run("engine", "install", *given, "--force")
    assert "to use it, unset COPILOT_CLI_PATH and set GITHUB_COPILOT_CLI_VERSION=1.0.92\n" in err


def test_the_whole_way(world: RuntimeWorld) -> None:
    """Nothing there, installed, shown, removed; what is said goes to stderr."""
    code, out, err = world.run("engine", "status")
    assert (code, out) == (2, "")
    assert f"error: the official runtime {VERSION} is not installed" in err
    code, out, err = install(world)
    assert (code, out) == (0, ""), err
    assert f"installed {world.target / world.here.executable}; it answers" in err
    code, out, err = world.run("engine", "status")
    assert code == 0, err
    (row,) = (line.split("\t") for line in out.splitlines())
    size = f"{sum(each.stat().st_size for each in world.target.iterdir()) / 1e6:.1f} MB"
    assert row == [
        f"{VERSION} *",
        world.here.name,
        size,
        "3",
        "answers",
        str(world.target / world.here.executable),
    ]
    code, out, err = world.run("engine", "remove", "--yes")
    assert (code, out) == (0, ""), err
    assert f"removed {world.target.name}" in err
    assert world.left() == set()


def test_how_far_it_has_come_is_said(world: RuntimeWorld) -> None:
    """Without a terminal in words, at its quarters."""
    _, _, err = install(world)
    assert f"official runtime {VERSION}: 3 of 3 MB" in err


def test_a_second_time_nothing_is_done(world: RuntimeWorld) -> None:
    """And that is said."""
    install(world)
    asked = len(world.registry.asked)
    code, _, err = install(world)
    assert (code, len(world.registry.asked)) == (0, asked)
    assert "is installed already, and answers" in err


def test_its_json(world: RuntimeWorld) -> None:
    """What docs/json.md describes."""
    code, out, _ = install(world, "--json")
    assert code == 0
    assert json.loads(out) == {
        "version": VERSION,
        "path": str(world.target / world.here.executable),
        "protocol": 3,
        "fresh": True,
        "from": world.registry.url.removeprefix("http://"),
    }
    code, out, _ = world.run("engine", "status", "--json")
    found = json.loads(out)
    (row,) = found.pop("runtimes")
    assert {
        key: found[key] for key in ("platform", "wanted", "protocol", "sdk_wanted", "problem")
    } == {
        "platform": world.here.name,
        "wanted": VERSION,
        "protocol": 3,
        "sdk_wanted": versions.SDK,
        "problem": None,
    }
    assert row == {
        "version": VERSION,
        "platform": world.here.name,
        "path": str(world.target / world.here.executable),
        "size": sum(each.stat().st_size for each in world.target.iterdir()),
        "source": "installed",
        "chosen": True,
        "protocol": 3,
        "problem": None,
    }
    shown = {
        name: examples(f"`engine {name} --json`")[0] for name in ("install", "status", "remove")
    }
    assert set(shown["status"]) == {*found, "runtimes"}
    assert [set(each) for each in shown["status"]["runtimes"]] == [set(row)]
    assert set(shown["install"]) == {"version", "path", "protocol", "fresh", "from"}
    assert set(shown["remove"]) == {"removed", "freed"}
    code, out, _ = world.run("engine", "remove", "--yes", "--json")
    assert json.loads(out) == {"removed": [str(world.target)], "freed": row["size"]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("install", "latest"), "VERSION: must be one version x.y.z"),
        (("install", "^1.0.0"), "VERSION: must be one version x.y.z"),
        (("install", "--file", "a", "--url", "https://b.example"), "exclude each other"),
        (("install", "--url", "http://packages.example/x.tgz"), "--url: must be an https address"),
        (("install", "--url", "https://u:p@x.example/"), "--url: must be an https address"),
        (("install", "--url", "https://["), "--url: must be an https address"),
        (("install", "--sha512", "abc"), "--sha512: must be a SHA-512"),
        (("install", "--file", "/nonesuch"), "/nonesuch is not there"),
        (("remove",), "no runtime is installed"),
        (("remove", VERSION), f"no runtime {VERSION} is installed"),
        (("remove", "latest"), "VERSION: must be one version x.y.z"),
        (("remove", "--all", VERSION), "exclude each other"),
    ],
)
def test_wrong_usage(world: RuntimeWorld, words: tuple[str, ...], message: str) -> None:
    """Exit code 2, and no request was sent."""
    code, out, err = world.run("engine", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert world.registry.asked == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITHUB_COPILOT_CLI_VERSION", "latest"),
        ("GITHUB_COPILOT_CLI_URL", "http://packages.example/secret"),
        ("GITHUB_COPILOT_CLI_URL", "ftp://packages.example/secret"),
    ],
)
def test_a_variable_that_cannot_be_used(world: RuntimeWorld, variable: str, value: str) -> None:
    """It is named, and its value is not repeated; `latest` is refused before any request."""
    world.environ[variable] = value
    code, _, err = world.run("engine", "install")
    assert code == 2
    assert f"error: {variable}: must be" in err
    assert "secret" not in err
    assert world.registry.asked == []


def test_another_version_is_remarked_on(world: RuntimeWorld) -> None:
    """When it is installed, and as long as it is the one in use."""
    file = world.folder / "other.tgz"
    file.write_bytes(npm_package(world.here, "1.0.92"))
    _, _, err = world.run(
        "engine", "install", "1.0.92", "--file", str(file), "--sha512", sha512(file.read_bytes())
    )
    assert "1.0.92 is not the one that the SDK" in err
    world.environ["GITHUB_COPILOT_CLI_VERSION"] = "1.0.92"
    code, out, err = world.run("engine", "status")
    assert (code, out.split("\t")[0]) == (0, "1.0.92 *")
    assert "1.0.92 is not the one that the SDK" in err


def test_several_are_listed_and_one_is_removed(world: RuntimeWorld) -> None:
    """Which one has to be said."""
    install(world)
    other_version(world)
    other_version(world, "1.0.9")
    _, out, _ = world.run("engine", "status")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["1.0.9", "1.0.92", f"{VERSION} *"]
    code, _, err = world.run("engine", "remove", "--yes")
    assert code == 2
    assert f"name one of 1.0.9, 1.0.92, {VERSION}, or --all" in err
    assert world.run("engine", "remove", "1.0.92", "--yes")[0] == 0
    _, out, _ = world.run("engine", "status")
    assert [line.split("\t")[0] for line in out.splitlines()] == ["1.0.9", f"{VERSION} *"]


def test_all_means_what_was_begun_too(world: RuntimeWorld) -> None:
    """Parts of packages, and which hashes were accepted; the room is counted."""
    install(world)
    (world.runtimes / "x.part").write_bytes(bytes(1000))
    (world.runtimes / "accepted.json").write_text("[]")
    size = sum(each.stat().st_size for each in world.target.iterdir())
    code, out, _ = world.run("engine", "remove", "--all", "--yes", "--json")
    assert (code, json.loads(out)["freed"]) == (0, size + 1000 + 2)
    assert world.left() == set()
    assert world.run("engine", "remove", "--all", "--yes")[0] == 0


def test_nothing_is_removed_without_a_yes(world: RuntimeWorld) -> None:
    """Without a person the flag has to say it."""
    install(world)
    code, _, err = world.run("engine", "remove")
    assert code == 2
    assert f"Remove {world.target.name} (" in err
    assert "answer it with --yes" in err
    assert world.target.exists()


@pytest.mark.parametrize(("typed", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked(world: RuntimeWorld, typed: str, goes: bool) -> None:
    """With the room that it takes; Enter keeps it."""
    install(world)
    code, _, err = world.run("engine", "remove", typed=typed)
    assert f"Remove {world.target.name} (" in err
    assert (code, world.target.exists()) == ((0, False) if goes else (2, True))


def test_a_runtime_that_is_broken_is_shown_as_such(world: RuntimeWorld) -> None:
    """Exit code 2, with the way out; the others are shown all the same."""
    install(world)
    other_version(world)
    (world.target / "runtime.node").unlink()
    code, out, err = world.run("engine", "status")
    assert code == 2
    assert [line.split("\t")[4] for line in out.splitlines()] == [
        "answers",
        "files of it are missing",
    ]
    assert "is not installed" in err


def test_a_program_of_the_persons_own(world: RuntimeWorld, tmp_path: Path) -> None:
    """It is listed first, and is the one in use."""
    install(world)
    own = runtime_program(tmp_path)
    world.environ["COPILOT_CLI_PATH"] = str(own)
    _, out, _ = world.run("engine", "status", "--json")
    rows = json.loads(out)["runtimes"]
    assert [(row["source"], row["chosen"], row["path"]) for row in rows] == [
        ("COPILOT_CLI_PATH", True, str(own)),
        ("installed", False, str(world.target / world.here.executable)),
    ]


@pytest.mark.parametrize(
    ("protocol", "message"), [(4, "speaks protocol 4"), ("x", "does not answer as the official")]
)
def test_one_of_their_own_that_is_none(
    world: RuntimeWorld, tmp_path: Path, protocol: object, message: str
) -> None:
    """Exit code 2, why, and the way out."""
    world.environ["COPILOT_CLI_PATH"] = str(runtime_program(tmp_path, protocol=protocol))
    code, out, err = world.run("engine", "status", "--json")
    assert code == 2
    assert message in json.loads(out)["problem"]
    code, out, err = world.run("engine", "status")
    assert message in out
    assert "hint: correct COPILOT_CLI_PATH, or unset it" in err


def test_the_runtime_of_another_platform_is_not_started(world: RuntimeWorld) -> None:
    """A home may be shared by several machines: it is shown, and can be removed."""
    install(world)
    other = "win32-x64" if world.here.name != "win32-x64" else "linux-x64"
    world.target.rename(world.runtimes / f"{VERSION}-{other}")
    code, out, _ = world.run("engine", "status")
    assert code == 2
    assert f"it is for {other}, and this machine is {world.here.name}" in out
    assert world.run("engine", "remove", "--yes")[0] == 0
    assert world.left() == set()


def test_leaving_takes_runtimes_along(world: RuntimeWorld) -> None:
    """`logout --purge` leaves nothing of them."""
    install(world)
    (world.home / "cache" / "official" / "run-x").mkdir(parents=True)
    code, _, err = world.run("logout", "--purge", "--yes")
    assert code == 0, err
    assert not world.runtimes.exists()
    assert not (world.home / "cache" / "official").exists()
