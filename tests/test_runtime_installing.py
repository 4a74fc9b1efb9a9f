"""Installing a runtime: fetched from a registry on this machine, judged, unpacked, tried, kept."""

import json
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from copilot_cli.errors import (
    CopilotChatError,
    NetworkError,
    ServiceError,
    SettingsError,
    UsageError,
)
from copilot_cli.runtime.installed import is_whole
from copilot_cli.runtime.installing import Installer
from tests.npm_registry import Registry, serving
from tests.runtime_packages import (
    VERSION,
    npm_package,
    release_package,
    runtime_files,
    sha512,
    tgz,
    tree,
)
from tests.runtime_world import RuntimeWorld, runtime_world
from tests.runtimes import runtime_source, script
from tests.wizard_world import Person

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="its stand-ins are scripts"),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuntimeWorld]:
    with runtime_world(tmp_path) as made:
        yield made


# -- what comes of it -------------------------------------------------------------------------


def test_it_is_fetched_and_put_in_place(world: RuntimeWorld) -> None:
    """From the registry npm is set to; it has answered, and nothing else is left."""
    done = world.install()
    assert done.fresh
    assert (done.runtime.path, done.runtime.version) == (
        world.target / world.here.executable,
        VERSION,
    )
    assert (done.answer.version, done.answer.protocol) == (VERSION, 3)
    assert is_whole(world.target, world.here)
    assert world.left() == {world.target.name}
    assert [each.path for each in world.registry.asked] == [
        f"/@github%2fcopilot-{world.here.name}",
        f"/@github/copilot-{world.here.name}/-/copilot-{world.here.name}-{VERSION}.tgz",
    ]
    assert done.where == f"{world.registry.url} (the variable npm_config_registry)"
    assert world.shown[-1] == (len(world.registry.package), len(world.registry.package))


def test_it_is_private_and_says_where_it_is_from(world: RuntimeWorld) -> None:
    """Folders 0700; beside it lies what it was made from."""
    world.install()
    for folder in (world.home / "cache", world.runtimes, world.target):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    manifest = json.loads((world.target / "manifest.json").read_text())
    assert manifest["sha512"] == world.registry.digest
    assert manifest["platform"] == world.here.name
    assert set(manifest["files"]) == {*world.here.files, "LICENSE.md"}


def test_what_is_installed_is_not_fetched_again(world: RuntimeWorld) -> None:
    """It is asked whether it still answers; `force` fetches it all the same."""
    world.install()
    asked = len(world.registry.asked)
    assert not world.install().fresh
    assert len(world.registry.asked) == asked
    assert world.install(force=True).fresh
    assert world.left() == {world.target.name}


def test_what_is_there_stays_where_nothing_else_can_take_its_place(world: RuntimeWorld) -> None:
    """On Windows a file that somebody reads is not moved."""
    world.install()
    app = world.app()
    installer = Installer(app, lambda *_: None, here=lambda: world.here)
    with pytest.raises(FileNotFoundError):
        installer._replace(world.runtimes / "not-there", world.target)
    app.close()
    assert is_whole(world.target, world.here)


def test_what_has_gone_missing_is_installed_anew(world: RuntimeWorld) -> None:
    """A cache may be cleaned by anybody."""
    world.install()
    (world.target / "runtime.node").unlink()
    assert world.install().fresh
    assert is_whole(world.target, world.here)


def test_versions_lie_side_by_side(world: RuntimeWorld) -> None:
    """Another version takes the place of none."""
    world.install()
    other = world.folder / "other.tgz"
    other.write_bytes(npm_package(world.here, "1.0.92"))
    done = world.install(version="1.0.92", file=other, sha512=sha512(other.read_bytes()))
    assert done.runtime.version == "1.0.92"
    assert world.left() == {world.target.name, f"1.0.92-{world.here.name}"}


# -- downloads that fail ----------------------------------------------------------------------


def test_a_download_that_breaks_off_goes_on_where_it_was(world: RuntimeWorld) -> None:
    """In the same run: each try asks for the rest, as long as something comes."""
    size = len(world.registry.package)
    world.registry.cut = [1000, 1000, size // 2]
    world.install()
    ranges = [each.range for each in world.registry.downloads]
    assert ranges == [None, "bytes=1000-", "bytes=2000-", f"bytes={2000 + size // 2}-"]
    assert is_whole(world.target, world.here)


def test_and_in_the_next_run(world: RuntimeWorld) -> None:
    """What came is kept, and said; then only the rest is fetched."""
    world.registry.cut = [2_000_000, 0, 0, 0, 0]
    with pytest.raises(NetworkError) as caught:
        world.install()
    assert "2 MB are kept: the same command goes on there" in (caught.value.hint or "")
    assert [part.stat().st_size for part in world.parts] == [2_000_000]
    assert not world.target.exists()
    world.registry.cut, world.registry.asked[:] = [], []
    world.install()
    assert [each.range for each in world.registry.downloads] == ["bytes=2000000-"]
    assert world.left() == {world.target.name}


def test_tries_without_progress_end(world: RuntimeWorld) -> None:
    """Three more by default, as for answers; there is a pause before each."""
    world.registry.cut = [0] * 10
    with pytest.raises(NetworkError):
        world.install()
    assert len(world.registry.downloads) == 4
    assert world.slept == [1.0, 1.0, 1.0]


def test_a_server_that_knows_no_ranges_sends_it_all(world: RuntimeWorld) -> None:
    """Its 200 is the whole, from the start."""
    world.registry.cut = [1000]
    world.registry.ranges = False
    world.install()
    assert is_whole(world.target, world.here)


@pytest.mark.parametrize("start", ["1001", "9" * 5000], ids=["another", "no number"])
def test_another_range_than_was_asked_for_is_not_put_in(world: RuntimeWorld, start: str) -> None:
    """It begins anew, rather than with a hole."""
    world.registry.cut = [1000]
    world.registry.wrong_range = start
    world.install()
    assert [each.range for each in world.registry.downloads] == [None, "bytes=1000-", None]


def test_a_part_of_something_else_is_thrown_away(world: RuntimeWorld) -> None:
    """Its end does not make it the package: the hash tells, and the whole is fetched once more."""
    world.registry.cut = [1000, 0, 0, 0, 0]
    with pytest.raises(NetworkError):
        world.install()
    world.parts[0].write_bytes(b"x" * 1000)
    world.registry.cut, world.registry.asked[:] = [], []
    world.install()
    assert [each.range for each in world.registry.downloads] == ["bytes=1000-", None]


def test_a_part_that_is_longer_than_the_whole(world: RuntimeWorld) -> None:
    """The server has nothing to add (416): from the start, then."""
    world.registry.cut = [1000, 0, 0, 0, 0]
    with pytest.raises(NetworkError):
        world.install()
    world.parts[0].write_bytes(b"x" * (len(world.registry.package) + 5))
    world.registry.cut = []
    world.install()
    assert is_whole(world.target, world.here)


def test_a_whole_package_is_not_fetched_again(world: RuntimeWorld) -> None:
    """It may have come, and then there was no room to unpack it."""
    world.registry.cut = [1000, 0, 0, 0, 0]
    with pytest.raises(NetworkError):
        world.install()
    world.parts[0].write_bytes(world.registry.package)
    world.registry.asked[:] = []
    world.install()
    assert world.registry.asked == []


def test_without_a_hash_nothing_is_put_together(world: RuntimeWorld) -> None:
    """Nothing would tell whether the parts belong together: it begins anew each time."""
    world.pinned = False
    world.registry.cut = [1000]
    person = Person(("Use it?", True))
    world.install(person)
    assert [each.range for each in world.registry.downloads] == [None, None]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_is_busy_is_asked_again(world: RuntimeWorld, status: int) -> None:
    """A status that may be another one the next time."""
    world.registry.cut = [1000]
    world.install()  # both addresses are known to work
    world.registry.asked[:] = []
    with serving(Registry(world.here)) as other:
        other.package = world.registry.package
        other.first = [status, status]
        world.install(force=True, url=f"{other.url}/x.tgz")
        assert len(other.downloads) == 3


FAILURES = {
    "no list": ({"status": 404}, "does not have the list of @github/copilot-"),
    "refused": ({"status": 403}, "refuses the list of"),
    "broken": ({"status": 502}, "does not give the list of"),
    "a page": ({"page": True}, "answered with a page in place of"),
    "no JSON": ({"listed": "x"}, "something that is no list"),
    "no versions": ({"listed": {"versions": []}}, "something that is no list"),
    "no such version": ({"listed": {"versions": {"1.0.1": {}}}}, f"has no {VERSION} of"),
    "no address": ({"listed": {"versions": {VERSION: {"dist": {}}}}}, f"has no {VERSION} of"),
    "http elsewhere": ({"tarball": "http://npm.example/x.tgz"}, "is no https address"),
    "a file": ({"tarball": "file:///etc/passwd"}, "is no https address"),
    "gone": ({"tarball": "{url}/gone"}, "does not have @github/copilot-"),
}


@pytest.mark.parametrize(("ways", "message"), FAILURES.values(), ids=FAILURES)
def test_what_a_registry_answers_in_its_place(
    world: RuntimeWorld, ways: dict[str, object], message: str
) -> None:
    """Each says what it was, and leaves nothing."""
    for name, value in ways.items():
        filled = value.format(url=world.registry.url) if isinstance(value, str) else value
        setattr(world.registry, name, filled)
    with pytest.raises(ServiceError, match=message):
        world.install()
    assert not world.target.exists()
    assert world.left() == set()


def test_the_last_versions_are_named(world: RuntimeWorld) -> None:
    """Who mistyped sees what there is."""
    with pytest.raises(ServiceError) as caught:
        world.install(version="1.0.104")
    assert caught.value.hint == f"its last ones are 1.0.1, {VERSION}"


# -- tokens and redirects ---------------------------------------------------------------------


def test_the_registry_gets_its_token(world: RuntimeWorld) -> None:
    """That of the person's `.npmrc`, for the list and for the package."""
    world.registry.wants = "Bearer npm_madeUpForTests000000"
    with pytest.raises(ServiceError) as caught:
        world.install()
    place = world.registry.url.removeprefix("http:")
    assert f"{place}/:_authToken=" in (caught.value.hint or "")
    file = world.person_home / ".npmrc"
    file.write_text(f"{place}/:_authToken=npm_madeUpForTests000000\n")
    world.install()
    assert len(world.registry.downloads) == 1


def test_another_host_gets_no_token(world: RuntimeWorld) -> None:
    """Registries lead to where their packages lie; what is for them stays with them."""
    token = "npm_madeUpForTests000000"
    place = world.registry.url.removeprefix("http:")
    (world.person_home / ".npmrc").write_text(f"{place}/:_authToken={token}\n")
    with serving(Registry(world.here, world.registry.package)) as other:
        world.registry.elsewhere = f"{other.url}/x.tgz"
        world.registry.wants = f"Bearer {token}"
        world.install()
        assert [each.authorization for each in other.asked] == [None]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://packages.example/x.tgz", "no https address"),
        ("file:///etc/passwd", "no https address"),
        ("https://u:p@packages.example/x.tgz", "no https address"),
        ("http://[", "no https address"),
        ("/x.tgz", "without end"),
    ],
)
def test_a_redirect_that_leads_nowhere(world: RuntimeWorld, location: str, message: str) -> None:
    """To a place without TLS, to no address, or in a circle."""
    world.registry.elsewhere = location
    with pytest.raises(ServiceError, match=message):
        world.install()


def test_a_mirror_is_asked_for_what_it_lists_elsewhere(world: RuntimeWorld) -> None:
    """Its list may still name npm's own host, which may be out of reach."""
    world.registry.tarball = "https://registry.npmjs.org/@github/x/-/x.tgz"
    world.install()
    assert world.registry.downloads[0].path == "/@github/x/-/x.tgz"


def test_offline_nothing_is_sent(world: RuntimeWorld) -> None:
    """COPILOT_OFFLINE holds for registries, too; it is not tried again."""
    world.environ |= {"COPILOT_OFFLINE": "1", "npm_config_registry": "https://npm.example"}
    with pytest.raises(NetworkError, match="COPILOT_OFFLINE is set"):
        world.install()
    assert world.slept == []


# -- hashes -----------------------------------------------------------------------------------


def test_another_package_than_was_published_is_refused(world: RuntimeWorld) -> None:
    """Nothing of it is unpacked or kept, and nobody is asked."""
    published = world.registry.digest
    world.registry.package = npm_package(world.here, before=5)
    person = Person()
    app = world.app(person)
    from copilot_cli.runtime.installing import Installer
    from copilot_cli.runtime.packages import Wanted

    pins = {VERSION: {world.here.name: published}}
    with pytest.raises(ServiceError) as caught:
        Installer(app, lambda *_: None, here=lambda: world.here, pins=pins).install(Wanted(VERSION))
    app.close()
    assert caught.value.kind == "integrity"
    assert world.registry.digest in caught.value.message
    assert (person.asked, world.left()) == ([], set())


def test_an_address_is_held_to_the_pinned_hash(world: RuntimeWorld) -> None:
    """The same package from elsewhere needs no question; the variable names the place."""
    world.environ["GITHUB_COPILOT_CLI_URL"] = f"{world.registry.url}/elsewhere/x.tgz"
    world.install()
    assert [each.path for each in world.registry.asked] == ["/elsewhere/x.tgz"]


def test_what_nobody_vouches_for_is_shown_and_asked_once(world: RuntimeWorld) -> None:
    """Its hash; after a yes it is not asked again."""
    other = npm_package(world.here, before=7)
    with serving(Registry(world.here, other)) as elsewhere:
        url = f"{elsewhere.url}/x.tgz"
        person = Person(("Use it?", True))
        done = world.install(person, url=url)
        assert sha512(other) in person.said
        assert done.where == elsewhere.url.removeprefix("http://")
        assert done.where in person.said
        world.install(Person(), url=url, force=True)


def test_no_is_no(world: RuntimeWorld) -> None:
    """And Enter is no."""
    world.pinned = False
    with pytest.raises(UsageError, match="its hash was not accepted"):
        world.install(Person(("Use it?", False)))
    assert not world.target.exists()


def test_without_a_person_the_flag_has_to_say_it(world: RuntimeWorld) -> None:
    """Exit code 2, naming the flag with the hash; the package is not fetched twice for it."""
    world.pinned = False
    with pytest.raises(UsageError) as caught:
        world.install()
    assert caught.value.exit_code == 2
    assert caught.value.hint == f"answer it with --sha512 {world.registry.digest}"
    world.install(sha512=world.registry.digest)
    assert len(world.registry.downloads) == 1


@pytest.mark.parametrize("pinned", [True, False])
def test_a_hash_that_is_given_has_to_be_right(world: RuntimeWorld, pinned: bool) -> None:
    """A person vouches for one package, and not for what came in its place, known or not."""
    world.pinned = pinned
    with pytest.raises(ServiceError, match="not what --sha512 says: its SHA-512 is") as caught:
        world.install(Person(), sha512=sha512(b"another"))
    assert caught.value.kind == "integrity"
    assert not world.target.exists()


# -- files ------------------------------------------------------------------------------------


@pytest.fixture
def file(world: RuntimeWorld) -> Path:
    path = world.folder / "runtime.tgz"
    path.write_bytes(world.registry.package)
    return path


def test_a_file_needs_no_network(world: RuntimeWorld, file: Path) -> None:
    """It is held to the same hash, and stays where it is."""
    done = world.install(file=file)
    assert (world.registry.asked, done.where) == ([], str(file))
    assert file.exists()
    assert world.left() == {world.target.name}


def test_a_release_of_github_needs_its_hash(world: RuntimeWorld, file: Path) -> None:
    """Its package is another than npm's, with the same files."""
    file.write_bytes(release_package(world.here))
    with pytest.raises(UsageError, match="nobody is there to ask"):
        world.install(file=file)
    assert world.left() == set()
    assert world.install(file=file, sha512=sha512(file.read_bytes())).fresh


def test_a_known_package_for_another_machine(world: RuntimeWorld, file: Path) -> None:
    """The hash tells, before anything is unpacked."""
    app = world.app()
    from copilot_cli.runtime.installing import Installer
    from copilot_cli.runtime.packages import Wanted

    pins = {VERSION: {"plan9-x64": sha512(file.read_bytes()), world.here.name: "another"}}
    with pytest.raises(UsageError, match=f"is the runtime {VERSION} for plan9-x64"):
        Installer(app, lambda *_: None, here=lambda: world.here, pins=pins).install(
            Wanted(VERSION, file=file)
        )
    app.close()


@pytest.mark.parametrize("what", ["missing", "folder", "unreadable"])
def test_a_file_that_is_none(world: RuntimeWorld, file: Path, what: str) -> None:
    """Exit code 2."""
    if what == "missing":
        file.unlink()
    elif what == "folder":
        file = file.parent
    else:
        file.chmod(0)
        if _readable(file):
            pytest.skip("nothing is unreadable to this user")
    with pytest.raises(UsageError):
        world.install(file=file)
    assert world.left() == set()


def _readable(file: Path) -> bool:
    try:
        file.read_bytes()
    except OSError:
        return False
    return True


# -- what is in it ----------------------------------------------------------------------------


def test_another_version_than_is_wanted(world: RuntimeWorld, file: Path) -> None:
    """With the way to have that one."""
    file.write_bytes(npm_package(world.here, "1.0.92"))
    with pytest.raises(UsageError) as caught:
        world.install(file=file, sha512=sha512(file.read_bytes()))
    assert f"is version 1.0.92, and {VERSION} is wanted" in caught.value.message
    assert "engine install 1.0.92" in (caught.value.hint or "")
    assert world.left() == set()


SOURCES = {
    "protocol": (runtime_source(protocol=4), "speaks protocol 4"),
    "version": (runtime_source("1.0.1"), f"is version 1.0.1, and not {VERSION}"),
    "no runtime": (b"#!/bin/sh\nexit 0\n", "does not answer as the official runtime does"),
    "another machine": (b"\x7fELF\x02\x01\x01" + bytes(57), "is no program for this machine"),
}


@pytest.mark.parametrize(("source", "message"), SOURCES.values(), ids=SOURCES)
def test_what_does_not_answer_is_not_installed(
    world: RuntimeWorld, source: bytes, message: str
) -> None:
    """It is tried before it is moved into place; what was there before stays."""
    world.install()
    before = (world.target / world.here.executable).read_bytes()
    files = {**runtime_files(world.here), world.here.executable: source}
    world.registry.package = tgz(tree(world.here, files, VERSION))
    with pytest.raises(SettingsError, match=message):
        world.install(force=True)
    assert (world.target / world.here.executable).read_bytes() == before
    assert not [name for name in world.left() if name.startswith(".")]


def test_a_damaged_package_is_not_kept(world: RuntimeWorld) -> None:
    """Its hash was accepted, and there is still nothing in it to go on with."""
    world.registry.package = b"no package"
    with pytest.raises(UsageError, match="damaged"):
        world.install()
    assert world.left() == set()


# -- interrupted, full, at once ---------------------------------------------------------------


def test_what_an_interrupted_run_left_is_removed(world: RuntimeWorld) -> None:
    """Folders that never became a runtime; parts of packages stay."""
    (world.runtimes / ".new-abc").mkdir(parents=True, mode=0o700)
    world.runtimes.chmod(0o700)
    (world.runtimes.parent).chmod(0o700)
    (world.runtimes / ".new-abc" / "runtime.node").write_bytes(b"half")
    (world.runtimes / ".old-abc").mkdir()
    (world.runtimes / ".new-file").write_bytes(b"half")
    (world.runtimes / "1.0.1-x.part").write_bytes(b"half")
    world.install()
    assert world.left() == {world.target.name, "1.0.1-x.part"}


def test_ctrl_c_keeps_what_came(world: RuntimeWorld) -> None:
    """The next run goes on there."""
    app = world.app()
    from copilot_cli.runtime.installing import Installer
    from copilot_cli.runtime.packages import Wanted

    def stop(done: int, _total: int | None) -> None:
        if done >= 1_000_000:
            raise KeyboardInterrupt

    pins = {VERSION: {world.here.name: world.registry.digest}}
    with pytest.raises(KeyboardInterrupt):
        Installer(app, stop, here=lambda: world.here, pins=pins).install(Wanted(VERSION))
    app.close()
    kept = world.parts[0].stat().st_size
    assert kept >= 1_000_000
    world.registry.asked[:] = []
    world.install()
    assert world.registry.downloads[0].range == f"bytes={kept}-"


def test_processes_that_install_at_once(world: RuntimeWorld, tmp_path: Path) -> None:
    """One does it, the others wait for it, say so, and find it installed."""
    pins = f"{{{VERSION!r}: {{{world.here.name!r}: {world.registry.digest!r}}}}}"
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from copilot_cli.app import App
from copilot_cli.effects import Effects
from copilot_cli.runtime.installing import Installer
from copilot_cli.runtime.packages import Wanted
app = App({{}}, Effects(environ={world.environ!r}))
done = Installer(app, lambda *_: None, pins={pins}).install(Wanted({VERSION!r}))
app.close()
print(done.fresh)
"""
    program = script(tmp_path, code.replace("#!", "# "))
    running = [
        subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = sorted(process.communicate(timeout=120)[0].strip() for process in running)
    assert said == ["False", "False", "True"]
    assert len(world.registry.downloads) == 1
    assert world.left() == {world.target.name}


def test_threads_too(world: RuntimeWorld) -> None:
    """The lock is the kernel's, and holds within a process as well."""
    fresh: list[bool] = []
    threads = [
        threading.Thread(target=lambda: fresh.append(world.install().fresh)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(fresh) == [False, False, True]


def test_a_folder_that_cannot_be_written(world: RuntimeWorld) -> None:
    """A file in its place, as whatever else the disk may say."""
    world.home.mkdir()
    (world.home / "cache").write_text("no folder")
    with pytest.raises(CopilotChatError) as caught:
        world.install()
    assert caught.value.kind in {"disk", "store"}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as a full disk would."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full(world: RuntimeWorld) -> None:
    """It says how to have room, and leaves nothing of the package that took it."""
    with room_for(1_000_000), pytest.raises(CopilotChatError) as caught:
        world.install()
    assert caught.value.kind == "disk"
    assert "--home" in (caught.value.hint or "")
    assert world.left() == set()


def test_a_disk_that_is_full_while_it_is_unpacked(world: RuntimeWorld) -> None:
    """The package is kept then: it has come, and only the room is missing."""
    files = {**runtime_files(world.here), "runtime.node": bytes(8_000_000)}
    world.registry.package = tgz(tree(world.here, files, VERSION))
    with room_for(4_000_000), pytest.raises(CopilotChatError) as caught:
        world.install()
    assert caught.value.kind == "disk"
    assert world.left() == {part.name for part in world.parts} != set()
    world.registry.asked[:] = []
    world.install()
    assert world.registry.downloads == []
