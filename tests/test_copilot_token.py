"""The lease: when it exchanges, what it shares with other processes, and what it serves."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from copilot_cli.auth.accounts import GivenLogin
from copilot_cli.auth.copilot_token import TokenLease
from copilot_cli.auth.lease_values import CopilotToken, ExchangeRefused
from copilot_cli.errors import (
    CopilotChatError,
    KeyringLocked,
    LimitError,
    LockTimeout,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.paths import locate
from copilot_cli.secret import Secret
from copilot_cli.store.cache import TokenCache, cache_place

START = 1_800_000_000.0
DAY = 86_400.0


class Clock:
    """A clock that moves when it is told to, or slept on."""

    def __init__(self) -> None:
        self.wall = START
        self.running = 0.0
        self.naps: list[float] = []

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.running

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


class Login:
    """A stored sign-in in memory: `renewals` are the tokens a refusal brings forth."""

    def __init__(self, *renewals: str) -> None:
        self.held = "ghu_madeUp0"
        self.renewals = list(renewals)
        self.asked = 0
        self.trouble: CopilotChatError | None = None
        self.unlock: Callable[[], bool] = lambda: False

    def fingerprint(self, mac: Callable[[bytes], bytes | None]) -> bytes | None:
        return self.held.encode()

    def token(self) -> Secret:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return Secret(self.held)

    def renew(self, refused: Secret) -> bool:
        if not self.renewals:
            return False
        self.held = self.renewals.pop(0)
        return True


class Service:
    """The exchange: plays `script` (errors, or seconds of life), then gives half an hour."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.script: list[CopilotChatError | float] = []
        self.asked: list[tuple[str, float]] = []

    def __call__(self, github: Secret, seconds: float) -> CopilotToken:
        self.asked.append((github.reveal(), seconds))
        turn = self.script.pop(0) if self.script else 1800.0
        if isinstance(turn, CopilotChatError):
            raise turn
        now = self.clock.now()
        name = Secret(f"madeUpCopilotToken{len(self.asked)}")
        return CopilotToken(name, now, now + turn, now + turn - 300, "https://api.x", "sku")


class World:
    """One machine: a clock, a service, a sign-in and a cache that all leases share."""

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.service = Service(self.clock)
        self.login = Login()
        self.told: list[str] = []
        paths = locate(str(root / "home"), {})
        self.place = cache_place(
            paths, {}, os.geteuid(), "linux", host="github.com", login="octocat", store_key=False
        )

    def cache(self) -> TokenCache:
        return TokenCache(self.place, host="github.com", login="octocat")

    def lease(
        self,
        *,
        cache: TokenCache | None = None,
        login: Login | GivenLogin | None = None,
        endpoints: tuple[str, ...] = ("https://api.github.com", ""),
        retries: int = 3,
    ) -> TokenLease:
        """A lease as another process would have it."""
        return TokenLease(
            cache=cache or self.cache(),
            login=login or self.login,
            exchange=self.service,
            endpoints=endpoints,
            now=self.clock.now,
            sleep=self.clock.sleep,
            monotonic=self.clock.monotonic,
            lock_wait=0.0,
            retries=retries,
            jitter=lambda: 1.0,
            tell=self.told.append,
        )

    @property
    def exchanges(self) -> int:
        return len(self.service.asked)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def unavailable(wait: float | None = None) -> ServiceError:
    return ServiceError("not available", hint="later", kind="unavailable", retry_after=wait)


def test_one_exchange_serves_every_process(world: World) -> None:
    """The first asks for a token; the others find it and do not even open the sign-in."""
    first = world.lease().get()
    assert world.lease().get() == first
    assert (world.exchanges, world.login.asked) == (1, 1)


@pytest.mark.parametrize(
    ("life", "left", "renews"),
    [
        pytest.param(1800.0, 301.0, False, id="fresh"),
        pytest.param(1800.0, 299.0, True, id="five minutes left"),
        pytest.param(600.0, 101.0, False, id="short life, fresh"),
        pytest.param(600.0, 99.0, True, id="short life, a sixth left"),
        pytest.param(1800.0, -1.0, True, id="expired"),
    ],
)
def test_it_is_renewed_early(world: World, life: float, left: float, renews: bool) -> None:
    """A renewal is due with five minutes or a sixth of the life left, whichever is less."""
    world.service.script = [life]
    world.lease().get()
    world.clock.pass_(life - left)
    world.lease().get()
    assert world.exchanges == (2 if renews else 1)


@pytest.mark.parametrize(
    ("life", "left", "waits"),
    [
        pytest.param(1800.0, 121.0, False, id="two minutes left"),
        pytest.param(1800.0, 119.0, True, id="less than two minutes left"),
        pytest.param(600.0, 61.0, False, id="short life, a tenth left"),
        pytest.param(600.0, 59.0, True, id="short life, less than a tenth left"),
    ],
)
def test_a_renewal_is_waited_for_late(world: World, life: float, left: float, waits: bool) -> None:
    """The lock is waited for with two minutes or a tenth of the life left, whichever is less."""
    asked: list[float] = []

    class Noting(TokenCache):
        @contextmanager
        def lock(self, wait: float) -> Iterator[None]:
            asked.append(wait)
            with super().lock(wait):
                yield

    world.service.script = [life]
    world.lease().get()
    world.clock.pass_(life - left)
    lease = world.lease(cache=Noting(world.place, host="github.com", login="octocat"))
    lease._lock_wait = 7.0
    lease.get()
    assert asked == [7.0 if waits else 0.0]


def test_nobody_waits_for_a_renewal_that_is_only_due(world: World) -> None:
    """While another process renews, a token with some minutes left is served at once."""
    first = world.lease().get()
    world.clock.pass_(1800 - 200)
    with world.cache().lock(0.0):
        assert world.lease().get() == first
    assert world.exchanges == 1


def test_a_stuck_holder_costs_nothing_while_the_token_is_good(world: World) -> None:
    """Even where the lock should be waited for, a token with over 30 seconds left is served."""
    first = world.lease().get()
    world.clock.pass_(1800 - 31)
    with world.cache().lock(0.0):
        assert world.lease().get() == first


@pytest.mark.parametrize("left", [30.0, -1.0])
def test_a_stuck_holder_is_an_error_without_a_token(world: World, left: float) -> None:
    """With nothing to serve the lock's time-out is told, with exit code 6."""
    world.lease().get()
    world.clock.pass_(1800 - left)
    with world.cache().lock(0.0), pytest.raises(LockTimeout, match="stuck") as caught:
        world.lease().get()
    assert caught.value.exit_code == 6
    assert caught.value.hint


class Overtaken(TokenCache):
    """A cache whose lock is got only after `before` has happened."""

    before: Callable[[], object] = staticmethod(lambda: None)

    @contextmanager
    def lock(self, wait: float) -> Iterator[None]:
        self.before()
        with super().lock(wait):
            yield


def test_it_looks_again_under_the_lock(world: World) -> None:
    """Who waited for the lock takes what the holder brought, and asks nothing itself."""
    cache = Overtaken(world.place, host="github.com", login="octocat")
    cache.before = world.lease().get
    token = world.lease(cache=cache).get()
    assert world.exchanges == 1
    assert token == world.lease().get()


def test_a_token_withdrawn_while_the_lock_is_busy_is_renewed(world: World) -> None:
    """A lock that is briefly held by whoever forgets a refused token is no stuck process."""
    first = world.lease().get()
    world.clock.pass_(1800 - 200)

    class BusyOnce(TokenCache):
        busy = True

        @contextmanager
        def lock(self, wait: float) -> Iterator[None]:
            if self.busy:
                self.busy = False
                world.lease().invalidate(first)
                raise LockTimeout("busy")
            with super().lock(wait):
                yield

    cache = BusyOnce(world.place, host="github.com", login="octocat")
    assert world.lease(cache=cache).get() != first


@pytest.mark.parametrize("minutes", [5, 60])
def test_a_failure_is_shared(world: World, minutes: int) -> None:
    """After a 503 that does not pass, nobody else asks until the wait is over."""
    world.service.script = [unavailable(minutes * 60.0)]
    with pytest.raises(ServiceError):
        world.lease().get()
    for _ in range(20):
        with pytest.raises(ServiceError, match="not available") as caught:
            world.lease().get()
        assert (caught.value.hint, caught.value.kind) == ("later", "unavailable")
        assert caught.value.retry_after == 300
    assert world.exchanges == 1
    world.clock.pass_(300)
    world.lease().get()
    assert world.exchanges == 2


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        pytest.param(SignInError("bad credentials"), 60, id="401"),
        pytest.param(NotAllowedError("no Copilot", kind="no_copilot_access"), 60, id="403"),
        pytest.param(ExchangeRefused("this kind"), 60, id="404"),
        pytest.param(LimitError("limit"), 5, id="429"),
        pytest.param(LimitError("limit", retry_after=40), 40, id="429 with Retry-After"),
        pytest.param(LimitError("limit", retry_after=9999), 300, id="429 for hours"),
        pytest.param(ServiceError("a page"), 5, id="HTML"),
    ],
)
def test_each_failure_has_its_wait(world: World, error: CopilotChatError, wait: float) -> None:
    """A shared failure keeps class, words and kind, and ends when it should."""
    world.service.script = [error]
    with pytest.raises(type(error)):
        world.lease().get()
    world.clock.pass_(wait - 1)
    with pytest.raises(CopilotChatError) as caught:
        world.lease().get()
    assert type(caught.value) is type(error)
    assert (caught.value.message, caught.value.kind) == (error.message, error.kind)
    assert caught.value.exit_code == error.exit_code
    assert world.exchanges == 1
    world.clock.pass_(1)
    world.lease().get()
    assert world.exchanges == 2


@pytest.mark.parametrize(
    "error",
    [ServiceError("a page"), NetworkError("silent", kind="timeout")],
    ids=["a page", "silence"],
)
def test_failures_in_a_row_wait_longer(world: World, error: ServiceError) -> None:
    """5, 10, 20, 40, 60, 60 seconds; a success starts anew."""
    waits = []
    for _ in range(6):
        world.service.script = [error] * 4
        with pytest.raises(ServiceError):
            world.lease().get()
        record = world.cache().read()
        assert record is not None
        assert record.fail is not None
        waits.append(record.fail.until - world.clock.now())
        world.clock.pass_(waits[-1])
    assert waits == [5, 10, 20, 40, 60, 60]
    world.service.script = []
    world.lease().get()
    record = world.cache().read()
    assert record is not None
    assert record.fail is None


def test_a_network_that_is_back_is_found_soon(world: World) -> None:
    """Nothing was reached, so nobody is spared: it is tried again after five seconds each time."""
    for _ in range(4):
        world.service.script = [NetworkError("no such host")] * 4
        with pytest.raises(NetworkError):
            world.lease().get()
        world.clock.pass_(5)
    world.service.script = []
    world.lease().get()


@pytest.mark.parametrize("kind", ["offline", "proxy", "tls"])
def test_what_is_this_process_s_own_doing_is_not_shared(world: World, kind: str) -> None:
    """COPILOT_OFFLINE, a proxy or a CA of one process says nothing to the next, nor to it later."""
    world.service.script = [NetworkError("by a variable", kind=kind)]
    with pytest.raises(NetworkError):
        world.lease().get()
    world.lease().get()
    assert world.exchanges == 2


def test_a_failure_does_not_take_a_good_token_away(world: World) -> None:
    """While the token has over 30 seconds a failed renewal is not even noticed, by anybody."""
    first = world.lease().get()
    world.clock.pass_(1800 - 100)
    world.service.script = [SignInError("bad credentials")]
    assert world.lease().get() == first
    assert world.lease().get() == first
    assert world.exchanges == 2
    world.clock.pass_(71)
    world.service.script = [SignInError("bad credentials")]
    with pytest.raises(SignInError):
        world.lease().get()
    assert world.exchanges == 3


def test_a_new_sign_in_ends_a_failure(world: World) -> None:
    """A failure belongs to the sign-in that met it."""
    world.service.script = [SignInError("bad credentials")]
    with pytest.raises(SignInError):
        world.lease().get()
    world.login.held = "ghu_madeUpAnother"
    world.lease().get()
    assert world.exchanges == 2


@pytest.mark.parametrize("moved", [-DAY, DAY])
def test_a_failure_does_not_outlive_a_moved_clock(world: World, moved: float) -> None:
    """A clock that is set back does not make a failure last for a day."""
    world.service.script = [SignInError("bad credentials")]
    with pytest.raises(SignInError):
        world.lease().get()
    world.clock.wall += moved
    world.lease().get()
    assert world.exchanges == 2


@pytest.mark.parametrize("moved", [-DAY, DAY, -61.0])
def test_a_moved_clock_is_a_miss(world: World, moved: float) -> None:
    """A token from the future, or from long ago, is exchanged anew and not trusted."""
    first = world.lease().get()
    world.clock.wall += moved
    second = world.lease().get()
    assert second != first
    assert world.exchanges == 2
    assert world.lease().get() == second


def test_a_little_skew_is_no_miss(world: World) -> None:
    """A minute of difference, as between reading and writing a clock that is being set, is fine."""
    world.lease().get()
    world.clock.wall -= 59
    world.lease().get()
    assert world.exchanges == 1


def test_a_locked_keyring_is_this_processes_trouble(world: World) -> None:
    """It is passed on, recorded for nobody, and the lock is free again."""
    world.login.trouble = KeyringLocked("the keyring is locked")
    with pytest.raises(KeyringLocked):
        world.lease().get()
    assert world.cache().read() is None
    world.login.trouble = None
    world.lease().get()
    assert world.exchanges == 1


def test_a_person_unlocks_without_the_lock(world: World) -> None:
    """While somebody types a passphrase the lock is free, and then it is tried once more."""

    def unlock() -> bool:
        with world.cache().lock(0.0):
            world.login.trouble = None
        return True

    world.login.trouble = KeyringLocked("the keyring is locked")
    world.login.unlock = unlock
    world.lease().get()
    assert world.exchanges == 1


def test_what_stays_locked_is_an_error(world: World) -> None:
    """A person is asked once."""
    asked: list[bool] = []

    def unlock() -> bool:
        asked.append(True)
        return True

    world.login.trouble = KeyringLocked("the keyring is locked")
    world.login.unlock = unlock
    with pytest.raises(KeyringLocked):
        world.lease().get()
    assert asked == [True]


def test_a_locked_keyring_does_not_take_a_good_token_away(world: World) -> None:
    """A renewal that is only due does not fail the request."""
    first = world.lease().get()
    world.clock.pass_(1800 - 100)
    world.login.trouble = KeyringLocked("the keyring is locked")
    assert world.lease().get() == first


def test_the_stores_own_lock_is_not_recorded(world: World) -> None:
    """A store that is busy says nothing about the service."""
    world.login.trouble = LockTimeout("the store is locked")
    with pytest.raises(LockTimeout, match="the store"):
        world.lease().get()
    assert world.cache().read() is None


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(unavailable(), id="503"),
        pytest.param(NetworkError("broke"), id="reset"),
        pytest.param(NetworkError("silent", kind="timeout"), id="timeout"),
    ],
)
def test_what_may_pass_is_tried_again(world: World, error: CopilotChatError) -> None:
    """Three retries with growing waits, and the fourth answer counts."""
    world.service.script = [error, error, error]
    world.lease().get()
    assert world.exchanges == 4
    assert world.clock.naps == [0.5, 1.0, 2.0]
    assert world.told == [f"{error.message}; sending again in {nap} s" for nap in (0.5, 1.0, 2.0)]


def test_four_attempts_are_enough(world: World) -> None:
    """The fifth request is the next process's, later."""
    world.service.script = [unavailable() for _ in range(9)]
    with pytest.raises(ServiceError):
        world.lease().get()
    assert world.exchanges == 4


@pytest.mark.parametrize("retries", [0, 1])
def test_an_exchange_heeds_the_person_s_retries(world: World, retries: int) -> None:
    """`--retries 0` sends nothing again."""
    world.service.script = [unavailable() for _ in range(9)]
    with pytest.raises(ServiceError):
        world.lease(retries=retries).get()
    assert world.exchanges == 1 + retries


def test_a_limit_is_asked_about_twice_more(world: World) -> None:
    """However many retries there are, and however little it asks to wait."""
    world.service.script = [LimitError("limit", retry_after=1.0) for _ in range(9)]
    with pytest.raises(LimitError):
        world.lease(retries=9).get()
    assert world.exchanges == 3


@pytest.mark.parametrize(
    ("wait", "naps"),
    [(0.0, [0.0]), (3.0, [3.0]), (14.0, [14.0]), (15.0, []), (3600.0, []), (None, [])],
)
def test_a_limit_waits_as_long_as_it_says(
    world: World, wait: float | None, naps: list[float]
) -> None:
    """A 429 is tried again after its Retry-After, where that fits into 15 seconds."""
    world.service.script = [LimitError("limit", retry_after=wait)]
    if naps:
        world.lease().get()
    else:
        with pytest.raises(LimitError):
            world.lease().get()
    assert world.clock.naps == naps


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("not trusted", kind="tls"),
        NetworkError("refused", kind="proxy"),
        NetworkError("offline", kind="offline"),
        ServiceError("a page"),
        ServiceError("a foreign host", kind="foreign_host"),
        NotAllowedError("no"),
    ],
    ids=lambda error: error.kind,
)
def test_what_cannot_pass_is_not_tried_again(world: World, error: CopilotChatError) -> None:
    """One request is enough where the next would end alike."""
    world.service.script = [error]
    with pytest.raises(CopilotChatError):
        world.lease().get()
    assert world.exchanges == 1
    assert world.told == []


def test_all_attempts_share_one_budget(world: World) -> None:
    """Slow failures use up the 15 seconds, and each attempt is told what is left."""

    def slow(github: Secret, seconds: float) -> CopilotToken:
        world.service.asked.append(("", seconds))
        world.clock.pass_(6.0)
        raise NetworkError("silent", kind="timeout")

    lease = world.lease()
    lease._exchange = slow
    with pytest.raises(NetworkError):
        lease.get()
    assert [seconds for _, seconds in world.service.asked] == [15.0, 8.5, 1.5]


def test_a_refused_github_token_is_renewed_once(world: World) -> None:
    """A 401 trades the refresh token, and the new GitHub token is exchanged."""
    world.login.renewals = ["ghu_madeUp1", "ghu_madeUp2"]
    world.service.script = [SignInError("bad credentials")]
    token = world.lease().get()
    assert [github for github, _ in world.service.asked] == ["ghu_madeUp0", "ghu_madeUp1"]
    assert world.lease().get() == token
    assert world.exchanges == 2


def test_a_second_refusal_is_final(world: World) -> None:
    """A renewed token that is refused too is a sign-in error, shared under the new sign-in."""
    world.login.renewals = ["ghu_madeUp1", "ghu_madeUp2"]
    world.service.script = [SignInError("no"), SignInError("no again")]
    with pytest.raises(SignInError, match="again"):
        world.lease().get()
    with pytest.raises(SignInError, match="again"):
        world.lease().get()
    assert world.exchanges == 2


def test_a_bad_refresh_token_is_shared(world: World) -> None:
    """A refresh that is refused is not tried by everybody in turn."""
    world.login.trouble = SignInError("the sign-in has expired or was revoked")
    for _ in range(3):
        with pytest.raises(SignInError, match="expired"):
            world.lease().get()
    assert world.login.asked == 1


def test_a_record_belongs_to_the_token_it_was_made_from(world: World) -> None:
    """A sign-in that changes while it is read does not get the old one's Copilot token."""
    changes = iter(["ghu_madeUpNew", "ghu_madeUpNew"])

    class Changing(Login):
        def token(self) -> Secret:
            token = super().token()
            self.held = next(changes, self.held)
            return token

    login = Changing()
    world.lease(login=login).get()
    assert [github for github, _ in world.service.asked] == ["ghu_madeUpNew"]
    world.lease(login=login).get()
    assert world.exchanges == 1


def test_invalidate_forgets_the_token(world: World) -> None:
    """After a 401 of the service the next get makes a new one."""
    lease = world.lease()
    first = lease.get()
    lease.invalidate(first)
    second = lease.get()
    assert second != first
    assert world.exchanges == 2


def test_invalidate_leaves_a_newer_token(world: World) -> None:
    """Who learns late that the old token is dead does not take the new one away."""
    leases = [world.lease() for _ in range(20)]
    first = leases[0].get()
    for lease in leases:
        lease.invalidate(first)
        lease.get()
    assert world.exchanges == 2


def test_invalidate_before_anything_is_fine(world: World) -> None:
    """A token that is not in the cache needs no forgetting."""
    token = CopilotToken(Secret("madeUpNeverSeen"), 0, 0, 0, "", None)
    world.lease().invalidate(token)
    assert world.cache().read() is None


def test_another_address_is_a_miss(world: World) -> None:
    """A token is not used when the addresses are others than those it was made for."""
    world.lease().get()
    world.lease(endpoints=("http://127.0.0.1:9000", "")).get()
    assert world.exchanges == 2


def test_a_token_from_the_environment_has_its_own_record(world: World) -> None:
    """Two given tokens never share a Copilot token, and one finds its own again."""
    one, two = (GivenLogin(Secret(f"ghu_madeUpGiven{n}")) for n in (1, 2))
    first = world.lease(login=one).get()
    assert world.lease(login=one).get() == first
    assert world.lease(login=two).get() != first
    assert world.exchanges == 2


def test_a_token_made_before_its_sign_in_is_kept(world: World) -> None:
    """What the wizard exchanged is there for the first request."""
    token = world.service(Secret("ghu_madeUp0"), 15.0)
    world.lease().keep(token)
    assert world.lease().get() == token
    assert world.exchanges == 1


def test_threads_share_one_exchange(world: World) -> None:
    """Ten threads of one process ask once."""
    lease = world.lease()
    found: list[CopilotToken] = []
    threads = [threading.Thread(target=lambda: found.append(lease.get())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 10
    assert world.exchanges == 1


def test_without_a_cache_folder_the_process_remembers(tmp_path: Path) -> None:
    """Where nothing can be written, one process still asks once, and forgets what was refused."""
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "cache").write_text("in the way")
    world = World(tmp_path)
    below = world.place.file.parent / "x"
    world.place = world.place._replace(
        file=below / "token", lock=below / "lock", key_file=below / "key"
    )
    lease = world.lease()
    first = lease.get()
    assert lease.get() == first
    lease.invalidate(first)
    assert lease.get() != first
    assert world.exchanges == 2


# -- bearer mode ---------------------------------------------------------------------------------


class BearerService(Service):
    """Exchanges nothing: says that the GitHub token itself is the bearer, for a day."""

    def __call__(self, github: Secret, seconds: float) -> CopilotToken:
        made = super().__call__(github, seconds)
        end = self.clock.now() + DAY
        return made._replace(token=github, exp_local=end, refresh_at=end, bearer=True)


@pytest.fixture
def bearer(world: World) -> World:
    world.service = BearerService(world.clock)
    world.login.held = "gho_madeUpForTests0"
    return world


def test_a_bearer_is_remembered_and_never_written(bearer: World) -> None:
    """Other processes know mode and host without asking, and read the token where it is kept."""
    first = bearer.lease().get()
    again = bearer.lease().get()
    assert (again.token, again.bearer, again.api) == (first.token, True, first.api)
    assert (bearer.exchanges, bearer.login.asked) == (1, 2)
    for path in bearer.place.file.parent.iterdir():
        assert b"gho_made" not in path.read_bytes()
    with bearer.cache().lock(1.0):
        record = bearer.cache().read()
    assert record is not None
    assert (record.token, record.bearer) == (None, True)


def test_what_is_known_of_a_bearer_is_known_for_a_day(bearer: World) -> None:
    """Near its end it is asked for again, and served where that fails."""
    bearer.lease().get()
    bearer.clock.pass_(DAY - 200)
    bearer.service.script = [unavailable(60.0)]
    assert bearer.lease().get().bearer
    assert bearer.exchanges == 2
    bearer.clock.pass_(300)
    bearer.service.script = [unavailable(60.0)]
    with pytest.raises(ServiceError):
        bearer.lease().get()


def test_a_new_sign_in_is_asked_about_anew(bearer: World) -> None:
    """The mode belongs to the token that it was learnt with."""
    bearer.lease().get()
    bearer.login.held = "gho_madeUpForTests1"
    assert bearer.lease().get().token == Secret("gho_madeUpForTests1")
    assert bearer.exchanges == 2


def test_a_renewal_in_passing_is_asked_about_anew(bearer: World) -> None:
    """The token that is handed out is never one of another fingerprint than its record."""
    bearer.lease().get()

    class Renewing(Login):
        def token(self) -> Secret:
            self.held = "gho_madeUpForTests2"
            return super().token()

    renewing = Renewing()
    renewing.held = bearer.login.held
    assert bearer.lease(login=renewing).get().token == Secret("gho_madeUpForTests2")
    assert bearer.exchanges == 2


def test_a_refused_bearer_is_renewed_where_it_can_be(bearer: World) -> None:
    """Else there is nothing to ask again with."""
    lease = bearer.lease()
    refused = lease.get()
    assert not lease.invalidate(refused)
    assert lease.get() == refused
    bearer.login.renewals = ["gho_madeUpForTests1"]
    assert lease.invalidate(refused)
    assert lease.get().token == Secret("gho_madeUpForTests1")


def test_a_misdirected_bearer_is_looked_up_again(bearer: World) -> None:
    """The token stays; a host that another process has found meanwhile stays too."""
    lease = bearer.lease()
    refused = lease.get()
    assert lease.invalidate(refused, misdirected=True)
    assert lease.get().token == refused.token
    assert bearer.exchanges == 2
    elsewhere = refused._replace(api="https://api.old")
    assert lease.invalidate(elsewhere, misdirected=True)
    lease.get()
    assert bearer.exchanges == 2


def test_nobody_waits_for_a_person_with_the_lock_held(bearer: World) -> None:
    """A locked store of a bearer is opened by the person in between, on every run."""
    bearer.lease().get()
    bearer.login.trouble = KeyringLocked("locked")
    with pytest.raises(KeyringLocked):
        bearer.lease().get()

    def unlock() -> bool:
        with bearer.cache().lock(0.0):
            bearer.login.trouble = None
        return True

    bearer.login.unlock = unlock
    assert bearer.lease().get().bearer
    assert bearer.exchanges == 1


def test_a_bearer_without_a_cache_is_remembered_by_the_process(bearer: World) -> None:
    """Where nothing can be written."""
    bearer.place.file.parent.parent.write_text("in the way")
    lease = bearer.lease()
    lease.get()
    assert lease.get().bearer
    assert bearer.exchanges == 1
