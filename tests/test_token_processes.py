"""The lease over real processes: one exchange, shared failures, holders that die or hang."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.auth.credential import GitHubCredential
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator
from copilot_cli.simulator.server import SimulatorServer
from tests.lease_process import ACCOUNT, open_cache, open_store

pytestmark = [pytest.mark.real, pytest.mark.skipif(sys.platform == "win32", reason="signals")]

ROOT = Path(__file__).parent.parent
DAY = 86_400.0


class Worker:
    """One process that waits for `go`."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.lease_process", json.dumps(options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line it prints; empty when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> "Worker":
        """Let it do its work."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self

    def end(self) -> None:
        """Kill it, if it lives, and clean up after it."""
        self.process.kill()
        self.process.communicate()


class Town:
    """A simulated service on a real port, a real store with one sign-in, and any processes."""

    def __init__(self, home: Path, server: SimulatorServer) -> None:
        self.home = home
        self.server = server
        self.simulator = server.simulator
        self.workers: list[Worker] = []

    def sign_in(self, *, left: float | None = None) -> str:
        """Store a new sign-in, which has `left` seconds to live where it expires."""
        before = self.simulator.secrets()
        token = self.simulator.sign_in()
        refresh = [s for s in self.simulator.secrets() - before if s.startswith("ghr_")]
        now = time.time()
        credential = GitHubCredential(
            Secret(token),
            now,
            client_id="Iv1.b507a08c87ecfe98",
            expires_at=None if left is None else now + left,
            refresh_token=Secret(refresh[0]) if refresh else None,
        )
        open_store(self.home).put(ACCOUNT.entry, credential.to_entry())
        return token

    def start(self, do: str = "get", **options: Any) -> Worker:
        """Start a process and wait until it is ready."""
        (worker,) = self.start_all(1, do, **options)
        return worker

    def start_all(self, count: int, do: str = "get", **options: Any) -> list[Worker]:
        """Start `count` processes at once and wait until all are ready."""
        common = {"home": str(self.home), "url": self.server.url, "do": do, **options}
        made = [Worker(common) for _ in range(count)]
        self.workers += made
        assert [worker.line() for worker in made] == ["ready"] * count
        return made

    def asked(self, endpoint: str = "exchange") -> int:
        """How often the service was asked."""
        return sum(seen.endpoint == endpoint for seen in self.simulator.log)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with SimulatorServer(Simulator(Scenario())) as server:
        made = Town(tmp_path / "home", server)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.end()


def answers(workers: list[Worker]) -> list[str]:
    for worker in workers:
        worker.go()
    return [worker.line() for worker in workers]


def test_fifty_cold_processes_exchange_once(town: Town) -> None:
    """Fifty processes that start without a token make one request, and all have its answer."""
    town.sign_in()
    found = answers(town.start_all(50))
    assert len(set(found)) == 1
    assert len(found[0]) == 16
    assert town.asked() == 1
    assert answers(town.start_all(2)) == found[:2]
    assert town.asked() == 1


def test_a_503_is_shared(town: Town) -> None:
    """One process tries four times; the others fail with it and ask nothing."""
    town.sign_in()
    town.simulator.fault("exchange", status=503, times=100)
    found = answers(town.start_all(12))
    assert {answer.split()[:2] == ["ServiceError", "6"] for answer in found} == {True}
    assert {"503" in answer for answer in found} == {True}
    assert town.asked() == 4


def test_a_refusal_is_shared(town: Town) -> None:
    """A revoked sign-in is asked about once, and is exit 3 for all."""
    town.simulator.revoke(town.sign_in())
    found = answers(town.start_all(6))
    assert {answer.split()[:2] == ["SignInError", "3"] for answer in found} == {True}
    assert town.asked() == 1
    town.sign_in()
    assert len(town.start().go().line()) == 16


def test_a_killed_holder_is_forgotten(town: Town) -> None:
    """A process that is killed in the middle of its exchange blocks nobody."""
    town.sign_in()
    town.simulator.fault("exchange", delay=30.0)
    first = town.start().go()
    assert town.simulator.wait(lambda: town.asked() == 1)
    second = town.start().go()
    first.process.send_signal(signal.SIGKILL)
    assert len(second.line()) == 16
    assert first.line() == ""
    assert town.asked() == 2


def test_a_stopped_holder_is_not_waited_for_while_a_token_is_good(town: Town) -> None:
    """Behind a stopped holder a token with 100 seconds left is served without a request."""
    town.sign_in()
    token = town.start().go().line()
    holder = town.start("hold").go()
    assert holder.line() == "held"
    holder.process.send_signal(signal.SIGSTOP)
    assert town.start(skew=1700.0, lock_wait=0.2).go().line() == token
    assert town.start(skew=1500.0 + 60, lock_wait=20.0).go().line() == token
    assert town.asked() == 1


def test_a_stopped_holder_without_a_token_is_exit_6(town: Town) -> None:
    """Without a token the wait ends, and says that another process is stuck; then all is well."""
    town.sign_in()
    holder = town.start("hold").go()
    assert holder.line() == "held"
    holder.process.send_signal(signal.SIGSTOP)
    found = town.start(lock_wait=0.2).go().line()
    assert found.startswith("LockTimeout 6 another copilot-chat is stuck")
    assert town.asked() == 0
    waiting = town.start().go()
    holder.process.send_signal(signal.SIGKILL)
    assert len(waiting.line()) == 16


@pytest.mark.parametrize("skew", [-DAY, DAY])
def test_a_clock_a_day_off_changes_nothing(town: Town, skew: float) -> None:
    """With a wrong clock the token is found again as long as it lives, and no longer."""
    town.sign_in()
    token = town.start(skew=skew).go().line()
    assert len(token) == 16
    assert town.start(skew=skew + 1400).go().line() == token
    assert town.asked() == 1
    assert town.start(skew=skew + 1801).go().line() != token
    assert town.asked() == 2


@pytest.mark.parametrize("skew", [-DAY, DAY])
def test_a_clock_that_is_corrected_costs_one_exchange(town: Town, skew: float) -> None:
    """A record written under a wrong clock is neither trusted nor in the way."""
    town.sign_in()
    town.start(skew=skew).go().line()
    found = answers(town.start_all(4))
    assert len(set(found)) == 1
    assert town.asked() == 2


@pytest.mark.parametrize("caches", [1, 5])
def test_a_refresh_token_is_traded_once(town: Town, caches: int) -> None:
    """Five processes find a dying token: one trades it, though each may have a cache of its own."""
    town.simulator.scenario.expiring = True
    old = town.sign_in(left=30.0)
    workers = [town.start(cache=f"c{number % caches}") for number in range(5)]
    found = answers(workers)
    assert {len(answer) for answer in found} == {16}
    assert town.asked("device_token") == 1
    assert town.asked() == caches
    kept = GitHubCredential.from_entry(open_store(town.home).get(ACCOUNT.entry))
    assert kept.token != Secret(old)
    assert kept.expires_at is not None
    assert kept.expires_at > time.time() + 20_000


def test_a_dead_refresh_token_is_exit_3_for_all(town: Town) -> None:
    """A revoked sign-in with a refresh token costs one exchange and one trade."""
    town.simulator.scenario.expiring = True
    town.simulator.revoke(town.sign_in(left=20_000.0))
    found = answers(town.start_all(5))
    assert {answer.split()[:2] == ["SignInError", "3"] for answer in found} == {True}
    assert (town.asked(), town.asked("device_token")) == (1, 1)


def test_a_token_refused_by_ten_processes_is_renewed_once(town: Town) -> None:
    """Ten processes learn that their token is dead; the last to say so keeps the new one."""
    town.sign_in()
    old = town.start().go().line()
    found = answers(town.start_all(10, "invalidate"))
    assert len(set(found)) == 1
    assert found[0] != old
    assert town.asked() == 2


@pytest.mark.parametrize("spoilt", [b"", b"CCS1", b"CCS1" + bytes(200), bytes(100_000)])
def test_a_spoilt_cache_costs_one_exchange(town: Town, spoilt: bytes) -> None:
    """Whatever lies in the cache's place, five processes make one request and repair it."""
    town.sign_in()
    town.start().go().line()
    cache = open_cache(town.home, open_store(town.home))
    cache._place.file.write_bytes(spoilt)
    found = answers(town.start_all(5))
    assert len(set(found)) == 1
    assert town.asked() == 2


def test_no_file_shows_a_token(town: Town) -> None:
    """Nothing under the home holds a token of either kind in clear."""
    town.sign_in()
    town.start().go().line()
    secrets = [secret.encode() for secret in town.simulator.secrets()]
    files = [path for path in town.home.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        assert not [secret for secret in secrets if secret in path.read_bytes()]
