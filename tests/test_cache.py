"""The token cache: where it lies, what it refuses, and that nothing unreadable is an error."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from copilot_cli.errors import KeyringLocked, LockTimeout, Unsafe
from copilot_cli.paths import Folders, Paths, locate
from copilot_cli.secret import Secret
from copilot_cli.store import files
from copilot_cli.store.cache import (
    CachePlace,
    Failure,
    TokenCache,
    TokenRecord,
    cache_place,
    purge,
    read_json,
    write_json,
)

TOKEN = "tid=madeUpForTests;exp=1;sku=free:madeUp"
RECORD = TokenRecord(
    "f1",
    Secret(TOKEN),
    1000.0,
    2800.0,
    2500.0,
    "https://api.individual.githubcopilot.com",
    "monthly_subscriber",
    Failure(1005.0, 2, "ServiceError", "api.github.com is not available", None, "unavailable"),
)


def make_paths(root: Path, *, home: bool = False) -> Paths:
    if home:
        return locate(str(root / "home"), {})
    return locate(None, {}, lambda: Folders(root / "config", root / "data", root / "cache"))


def place_of(
    root: Path, environ: dict[str, str] | None = None, platform: str = "linux", **changes: object
) -> CachePlace:
    options = {
        "host": "github.com",
        "login": "octocat",
        "store_key": True,
        "home": False,
        **changes,
    }
    return cache_place(
        make_paths(root, home=bool(options["home"])),
        environ or {},
        os.geteuid(),
        platform,
        host=str(options["host"]),
        login=str(options["login"]),
        store_key=bool(options["store_key"]),
    )


@pytest.fixture
def place(tmp_path: Path) -> CachePlace:
    return place_of(tmp_path, store_key=False)


@pytest.fixture
def cache(place: CachePlace) -> TokenCache:
    return open_cache(place)


def open_cache(place: CachePlace, host: str = "github.com", login: str = "octocat") -> TokenCache:
    return TokenCache(place, host=host, login=login)


def written(cache: TokenCache, record: TokenRecord = RECORD) -> None:
    with cache.lock(1.0):
        cache.write(record)


@pytest.mark.parametrize(
    ("store_key", "home", "folder", "key"),
    [
        pytest.param(True, False, "cache", None, id="keyring or key file"),
        pytest.param(False, False, "cache", "cache/token.key", id="passphrase or variable"),
        pytest.param(True, True, "home/cache", None, id="one home, keyring or key file"),
        pytest.param(False, True, "home/cache", "home/cache/token.key", id="one home, variable"),
    ],
)
def test_place_without_a_runtime_dir(
    tmp_path: Path, store_key: bool, home: bool, folder: str, key: str | None
) -> None:
    """Without a runtime folder the cache folder has the record, under the store's key if any."""
    place = place_of(tmp_path, store_key=store_key, home=home)
    assert place.file.parent == place.lock.parent == tmp_path / folder
    assert place.key_file == (tmp_path / key if key else None)
    assert not (tmp_path / folder).exists()


def test_place_in_a_private_runtime_dir(tmp_path: Path) -> None:
    """A private XDG_RUNTIME_DIR holds record and random key, one folder per data folder."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    place = place_of(tmp_path, {"XDG_RUNTIME_DIR": str(runtime)})
    other = place_of(tmp_path / "b", {"XDG_RUNTIME_DIR": str(runtime)})
    assert place.file.parent.parent == runtime / "copilot-chat"
    assert place.key_file == place.file.parent / "token.key"
    assert place.file.parent != other.file.parent


@pytest.mark.parametrize(
    ("spoil", "platform"),
    [
        pytest.param(lambda run: run.chmod(0o755), "linux", id="open to others"),
        pytest.param(lambda run: run.rmdir(), "linux", id="missing"),
        pytest.param(lambda run: (run.rmdir(), run.touch(0o700)), "linux", id="a file"),
        pytest.param(
            lambda run: (run.rmdir(), run.symlink_to(run.parent)), "linux", id="a symlink"
        ),
        pytest.param(lambda run: None, "darwin", id="not Linux"),
    ],
)
def test_place_passes_over_an_unfit_runtime_dir(
    tmp_path: Path, spoil: Callable[[Path], object], platform: str
) -> None:
    """A runtime folder that is not private, not there or not Linux's is not used."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    spoil(runtime)
    place = place_of(tmp_path, {"XDG_RUNTIME_DIR": str(runtime)}, platform)
    assert place.file.parent == tmp_path / "cache"


def test_place_passes_over_another_users_runtime_dir(tmp_path: Path) -> None:
    """Another user's runtime folder (left in the environment by su) is not used."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    environ = {"XDG_RUNTIME_DIR": str(runtime)}
    options = {"host": "github.com", "login": "octocat"}
    place = cache_place(
        make_paths(tmp_path), environ, os.geteuid() + 1, "linux", **options, store_key=True
    )
    assert place.file.parent == tmp_path / "cache"


def test_one_home_ignores_the_runtime_dir(tmp_path: Path) -> None:
    """With one home everything stays under it."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    place = place_of(tmp_path, {"XDG_RUNTIME_DIR": str(runtime)}, home=True)
    assert place.file.parent == tmp_path / "home" / "cache"


def test_accounts_have_places_of_their_own(tmp_path: Path) -> None:
    """Host and login decide the place, and are not confused with each other."""
    names = [("github.com", "a"), ("github.com", "b"), ("github.co", "ma"), ("a.ghe.com", "a")]
    found = {place_of(tmp_path, host=host, login=login).file for host, login in names}
    assert len(found) == len(names)


def test_a_record_comes_back(cache: TokenCache) -> None:
    """What was written is read back equal, failure included."""
    written(cache)
    assert cache.read() == RECORD


def test_a_record_without_a_token_comes_back(cache: TokenCache) -> None:
    """A failure alone can be recorded."""
    record = TokenRecord("f1", fail=RECORD.fail)
    written(cache, record)
    assert cache.read() == record


def test_files_are_private_and_the_token_is_sealed(cache: TokenCache, place: CachePlace) -> None:
    """Record, key and lock are 0600 in a folder of 0700, and no file shows the token."""
    written(cache)
    folder = place.file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"madeUp" not in path.read_bytes()
    assert len(list(folder.iterdir())) == 3


def test_two_writes_differ(cache: TokenCache, place: CachePlace) -> None:
    """Each write has a nonce of its own."""
    written(cache)
    first = place.file.read_bytes()
    written(cache)
    assert place.file.read_bytes()[4:16] != first[4:16]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[:10], id="cut in the nonce"),
        pytest.param(lambda data: data[:16], id="nothing sealed"),
        pytest.param(lambda data: data[:-1], id="cut"),
        pytest.param(lambda data: data + b"x", id="longer"),
        pytest.param(lambda data: b"CCS2" + data[4:], id="another version"),
        pytest.param(lambda data: b"{}", id="JSON"),
        pytest.param(lambda data: os.urandom(len(data)), id="noise"),
        pytest.param(lambda data: data + bytes(70_000), id="too long"),
    ],
)
def test_a_spoilt_record_is_a_miss(
    cache: TokenCache, place: CachePlace, spoil: Callable[[bytes], bytes]
) -> None:
    """Whatever is not exactly what was written is a miss, and the next write repairs it."""
    written(cache)
    place.file.write_bytes(spoil(place.file.read_bytes()))
    assert cache.read() is None
    written(cache)
    assert cache.read() == RECORD


def test_any_flipped_bit_is_a_miss(cache: TokenCache, place: CachePlace) -> None:
    """No bit of the file can change without being noticed."""
    written(cache)
    data = place.file.read_bytes()
    for index in range(len(data)):
        place.file.write_bytes(
            data[:index] + bytes([data[index] ^ (1 << index % 8)]) + data[index + 1 :]
        )
        assert cache.read() is None


@pytest.mark.parametrize(
    ("host", "login"),
    [("github.com", "other"), ("a.ghe.com", "octocat"), ("github.como", "ctocat")],
)
def test_another_accounts_record_is_a_miss(
    cache: TokenCache, place: CachePlace, host: str, login: str
) -> None:
    """A record that was put in another account's place does not open."""
    written(cache)
    assert open_cache(place, host, login).read() is None


def test_a_symlink_or_an_open_file_is_a_miss(cache: TokenCache, place: CachePlace) -> None:
    """A record that others can read, or that is a link, is a miss; a write replaces it."""
    written(cache)
    place.file.chmod(0o644)
    assert cache.read() is None
    moved = place.file.rename(place.file.with_name("elsewhere"))
    moved.chmod(0o600)
    place.file.symlink_to(moved)
    assert cache.read() is None
    before = moved.read_bytes()
    written(cache)
    assert cache.read() == RECORD
    assert moved.read_bytes() == before


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda key: key.unlink(), id="gone"),
        pytest.param(lambda key: key.write_bytes(b"short"), id="short"),
        pytest.param(lambda key: key.write_bytes(bytes(33)), id="long"),
        pytest.param(lambda key: key.chmod(0o640), id="open to others"),
    ],
)
def test_an_unfit_key_is_made_anew(
    cache: TokenCache, place: CachePlace, spoil: Callable[[Path], object]
) -> None:
    """A key that is gone or was open to others is a miss, and replaced at the next write."""
    written(cache)
    assert place.key_file is not None
    spoil(place.key_file)
    assert cache.read() is None
    written(cache)
    assert cache.read() == RECORD
    assert stat.S_IMODE(place.key_file.stat().st_mode) == 0o600


def test_the_stores_subkey_seals_the_record(tmp_path: Path) -> None:
    """With the store's key no key file is made; another key is a miss; no record asks no key."""
    place = place_of(tmp_path)
    asked: list[bytes] = []

    def subkey() -> bytes:
        asked.append(b"")
        return b"k" * 32

    cache = TokenCache(place, host="github.com", login="octocat", subkey=subkey)
    assert cache.read() is None
    assert asked == []
    written(cache)
    assert cache.read() == RECORD
    assert sorted(path.name for path in place.file.parent.iterdir()) == sorted(
        [place.file.name, place.lock.name]
    )
    other = TokenCache(place, host="github.com", login="octocat", subkey=lambda: b"o" * 32)
    assert other.read() is None


def test_a_locked_keyring_is_not_a_miss(tmp_path: Path) -> None:
    """What the key's source says is passed on: it would be asked again on the miss."""

    def locked() -> bytes:
        raise KeyringLocked("the keyring is locked")

    place = place_of(tmp_path)
    written(TokenCache(place, host="h", login="l", subkey=lambda: b"k" * 32))
    with pytest.raises(KeyringLocked):
        TokenCache(place, host="h", login="l", subkey=locked).read()


def test_a_key_has_one_source(tmp_path: Path, place: CachePlace) -> None:
    """A place with a key file takes no subkey, and one without needs it."""
    with pytest.raises(ValueError, match="either"):
        TokenCache(place, host="h", login="l", subkey=lambda: b"k" * 32)
    with pytest.raises(ValueError, match="either"):
        TokenCache(place_of(tmp_path), host="h", login="l")


def test_mac_needs_the_key_and_tells_data_apart(cache: TokenCache, place: CachePlace) -> None:
    """Before the first lock there is no key; then equal data gives equal MACs, in any process."""
    assert cache.mac(b"a") is None
    with cache.lock(1.0):
        first = cache.mac(b"a")
    assert first is not None
    assert first == open_cache(place).mac(b"a")
    assert first != cache.mac(b"b")


def test_a_disk_that_refuses_costs_nothing_but_time(cache: TokenCache, place: CachePlace) -> None:
    """A record that cannot be written is no error."""
    written(cache)
    place.file.unlink()
    place.file.mkdir()
    written(cache)
    assert cache.read() is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    """Where no folder can be made, nothing is cached and nothing fails."""
    (tmp_path / "cache").write_text("in the way")
    place = place_of(tmp_path, store_key=False)
    below = place._replace(
        file=place.file.parent / "x" / "token",
        lock=place.file.parent / "x" / "lock",
        key_file=place.file.parent / "x" / "key",
    )
    cache = open_cache(below)
    written(cache)
    assert cache.read() is None
    assert cache.mac(b"a") is None
    cache.clear()


def test_a_folder_open_to_others_is_refused(cache: TokenCache, place: CachePlace) -> None:
    """A cache folder that others can enter is an error: who knows what lies there."""
    place.file.parent.mkdir(mode=0o755)
    place.file.parent.chmod(0o755)
    with pytest.raises(Unsafe), cache.lock(1.0):
        pass


def test_the_lock_lets_one_in(cache: TokenCache, place: CachePlace) -> None:
    """While one holds the lock another times out; afterwards it gets in."""
    with cache.lock(1.0), pytest.raises(LockTimeout), open_cache(place).lock(0.0):
        pass
    with open_cache(place).lock(0.0):
        pass


def test_clear_forgets_the_record(cache: TokenCache, place: CachePlace) -> None:
    """A sign-out removes the record; doing it twice, or before anything was there, is fine."""
    cache.clear()
    assert not place.file.parent.exists()
    written(cache)
    cache.clear()
    assert not place.file.exists()
    cache.clear()


def test_clear_does_not_wait_for_a_stuck_holder(cache: TokenCache, place: CachePlace) -> None:
    """A lock that is not let go does not keep the record alive."""
    written(cache)
    with cache.lock(1.0):
        open_cache(place).clear(wait=0.0)
    assert not place.file.exists()


def test_purge_leaves_nothing(cache: TokenCache, place: CachePlace, tmp_path: Path) -> None:
    """Purge removes every account's record, the key, the locks and what a killed writer left."""
    written(cache)
    second = place_of(tmp_path, login="second", store_key=False)
    written(open_cache(second, login="second"))
    (place.file.parent / f".{place.file.name}.0123.tmp").touch()
    (place.file.parent / "models.json").touch()
    purge(place)
    assert [path.name for path in place.file.parent.iterdir()] == ["models.json"]
    purge(place_of(tmp_path / "never", store_key=False))


@pytest.mark.parametrize("name", TokenRecord._fields)
@pytest.mark.parametrize("value", [True, 5, "text", [], {}, [1, 2, 3, 4, 5, 6], None, float("nan")])
def test_a_sealed_record_of_odd_fields_is_read_strictly(
    tmp_path: Path, name: str, value: object
) -> None:
    """What another version may have sealed in this format is a sound record or a miss."""
    place = place_of(tmp_path, login="l")
    whole = {**RECORD._asdict(), "token": TOKEN, name: value}
    parts = (b"copilot-chat/v1/token-cache", b"github.com", b"l")
    aad = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    sealed = AESGCM(b"k" * 32).encrypt(bytes(12), json.dumps(whole).encode(), aad)
    files.private_folder(place.file.parent)
    files.write_atomic(place.file, b"CCS1" + bytes(12) + sealed)
    found = TokenCache(place, host="github.com", login="l", subkey=lambda: b"k" * 32).read()
    fits = {
        "fp": str,
        "token": str | None,
        "api": str,
        "sku": str | None,
        "fail": type(None),
    }.get(name, int)
    fits_here = isinstance(value, fits) and not isinstance(value, bool)
    if name == "bearer":  # a record that holds a token is none of a bearer
        fits_here = False
    assert (found is not None) == fits_here


def test_a_bearers_record_holds_no_token(cache: TokenCache) -> None:
    """Mode and host come back, and what was never put in does not."""
    bearer = RECORD._replace(token=None, bearer=True)
    with cache.lock(1.0):
        cache.write(bearer)
        assert cache.read() == bearer
        cache.write(RECORD._replace(bearer=True))
        assert cache.read() is None


def test_json_comes_back_while_it_is_fresh(tmp_path: Path) -> None:
    """Plain JSON comes back until it is too old; without a file there is nothing."""
    path = tmp_path / "cache" / "models.json"
    assert read_json(path, 60.0, 100.0) is None
    write_json(path, {"models": ["a"]}, 100.0)
    assert read_json(path, 60.0, 160.0) == {"models": ["a"]}
    assert read_json(path, 60.0, 160.5) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_json_from_the_future_is_a_miss(tmp_path: Path) -> None:
    """After the clock was set back an entry does not stay fresh for ever."""
    path = tmp_path / "cache" / "models.json"
    write_json(path, [1], 100_000.0)
    assert read_json(path, 60.0, 100.0) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"data": 1}', b'{"at": "x"}', b'{"at": true}', b"\xff", b"[" * 9999],
)
def test_damaged_json_is_a_miss(tmp_path: Path, content: bytes) -> None:
    """Whatever lies there instead of the cache is a miss."""
    path = tmp_path / "models.json"
    files.write_atomic(path, content)
    assert read_json(path, 60.0, 0.0) is None


def test_json_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A cache that cannot be written costs time and nothing else."""
    (tmp_path / "cache").write_text("in the way")
    write_json(tmp_path / "cache" / "x" / "models.json", [1], 0.0)
