"""`doctor` on networks: proxies, certificates, what each address answers, the clock."""

import re
import socket
from pathlib import Path

import httpx
import pytest

from copilot_cli.doctor import network
from copilot_cli.doctor.table import TABLE, checks
from tests.doctor_world import NOW, Machine, fine
from tests.listeners import Listener

NETWORK = [row for row in TABLE if row.name in {"github", "github-api", "clock"}]
PASSWORD = "madeUpProxyPassword"  # made up
PROXY = f"http://user:{PASSWORD}@proxy.example:3128"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home")


# -- proxies and certificates ----------------------------------------------------------------

PROXIES: dict[str, tuple[dict[str, str], str, str]] = {
    "none": ({}, "pass", "none is set"),
    "one": (
        {"HTTPS_PROXY": "proxy.example:3128"},
        "pass",
        "HTTPS_PROXY http://proxy.example:3128 for https",
    ),
    "with a login": (
        {"https_proxy": PROXY, "NO_PROXY": "a.example,10.0.0.0/8"},
        "pass",
        "https_proxy http://proxy.example:3128 with a login for https; NO_PROXY excepts 2",
    ),
    "two": (
        {"HTTP_PROXY": "a:1", "ALL_PROXY": "b:2"},
        "pass",
        "HTTP_PROXY http://a:1 for http; ALL_PROXY http://b:2 for all",
    ),
    "malformed": (
        {"ALL_PROXY": f"http://user:{PASSWORD}@"},
        "fail",
        "ALL_PROXY cannot be used: it is no address of a proxy",
    ),
}


@pytest.mark.parametrize(("environ", "state", "detail"), PROXIES.values(), ids=PROXIES)
def test_the_proxies_in_force(
    environ: dict[str, str], state: str, detail: str, machine: Machine
) -> None:
    """Each with its variable, and never with who we are to it."""
    machine.environ |= environ
    found = machine.one("proxy")
    assert (found.state, found.detail) == (state, detail)
    assert (found.fix is None) == (state == "pass")


def test_a_socks_proxy_wants_its_package(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any request fails for it."""
    machine.environ["ALL_PROXY"] = f"socks5://user:{PASSWORD}@proxy.example"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    found = machine.one("proxy")
    assert (found.state, found.fix) == ("fail", "pip install 'copilot-chat[socks]'")


def test_what_is_trusted(machine: Machine, tmp_path: Path) -> None:
    """A variable's file, or the system's; a file that is not there is a fail with the variable."""
    assert machine.one("certificates").state == "pass"
    machine.environ["REQUESTS_CA_BUNDLE"] = str(tmp_path / "missing.pem")
    found = machine.one("certificates")
    assert (found.state, found.fix) == ("fail", "correct or unset REQUESTS_CA_BUNDLE")
    machine.environ["SSL_CERT_DIR"] = str(tmp_path)
    assert machine.one("certificates").detail.startswith("SSL_CERT_DIR: ")
    assert machine.one("github").state == "pass"


def test_without_certificates_nothing_is_asked(machine: Machine) -> None:
    """The client cannot be made: its own check says why, the others are skipped."""
    real = Machine(machine.home, None, SSL_CERT_FILE="/nonesuch/ca.pem")
    found = real.one("github")
    assert found.state == "skip"
    assert found.detail == "SSL_CERT_FILE names /nonesuch/ca.pem, which is not there"


# -- addresses -------------------------------------------------------------------------------


def replying(status: int, **headers: str) -> Machine:
    """A machine whose network says the same to everything."""
    return Machine(Path("/nonesuch/home"), lambda _: httpx.Response(status, headers=headers))


REPLIES: dict[str, tuple[Machine, str, str]] = {
    "fine": (replying(200), "pass", "https://github.com answers in 0 ms"),
    "not found": (replying(404), "pass", "https://github.com answers in 0 ms"),
    "a page of its own": (
        replying(301, location="https://www.github.com/"),
        "pass",
        "https://github.com answers in 0 ms",
    ),
    "a path": (replying(302, location="/login"), "pass", "https://github.com answers in 0 ms"),
    "a login page": (
        replying(302, location="http://portal.hotel.example/?from=github.com"),
        "warn",
        "https://github.com leads to portal.hotel.example",
    ),
    "nowhere": (replying(302, location="//["), "pass", "https://github.com answers in 0 ms"),
    "a network's login": (
        replying(511),
        "fail",
        "https://github.com answers in 0 ms: the network wants a login",
    ),
    "a failure": (
        replying(503),
        "warn",
        "https://github.com answers in 0 ms, with status 503",
    ),
}


@pytest.mark.parametrize(("machine", "state", "detail"), REPLIES.values(), ids=REPLIES)
def test_how_an_address_answers(machine: Machine, state: str, detail: str) -> None:
    """Any status is an answer; a redirect to somebody else is a login page's."""
    found = machine.one("github")
    assert (found.state, re.sub(r"\b\d+ ms", "0 ms", found.detail)) == (state, detail)
    assert (found.fix is None) == (state == "pass")


def test_an_address_that_does_not_answer(tmp_path: Path) -> None:
    """The error with its hint, as any command would tell it."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x", request=request)

    found = Machine(tmp_path / "home", refuse).one("github-api")
    assert (found.state, found.detail) == ("fail", "cannot connect to api.github.com")
    assert "HTTPS_PROXY" in (found.fix or "")


def test_the_way_is_told(machine: Machine) -> None:
    """The proxy that an address is reached through."""
    machine.environ |= {"HTTPS_PROXY": PROXY, "NO_PROXY": "api.github.com"}
    assert machine.one("github").detail.endswith(" ms, through proxy.example:3128")
    assert machine.one("github-api").detail.endswith(" ms")


def test_every_address_is_asked_at_once_and_once(tmp_path: Path) -> None:
    """Those of GitHub, of Copilot, and of each own endpoint, where no key goes."""
    asked: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return fine(request)

    machine = Machine(tmp_path / "home", note, COPILOT_GH_HOST="acme.ghe.com")
    machine.home.mkdir()
    (machine.home / "config.toml").write_text(
        '[endpoints.lab]\nurl = "https://lab.example/v1"\ntype = "openai"\n', "utf-8"
    )
    examination = machine.examination()
    for function in (network.github, network.rest, network.copilot, network.endpoints):
        assert [check.state for check in function(examination)] == ["pass"]
    assert sorted(str(request.url) for request in asked) == [
        "https://acme.ghe.com",
        "https://api.acme.ghe.com",
        "https://copilot-api.acme.ghe.com",
        "https://lab.example/v1",
    ]
    assert {request.method for request in asked} == {"HEAD"}
    assert not any("authorization" in request.headers for request in asked)


@pytest.mark.real
def test_a_network_that_hangs_is_given_up(tmp_path: Path) -> None:
    """At the deadline of one request, whatever holds it; the proxy or the host is named."""

    def silent(_: Listener, connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            pass

    with Listener(silent) as proxy:
        found = Machine(tmp_path / "home", None, HTTPS_PROXY=proxy.place).one("github", each=0.2)
    assert found.state == "fail"
    assert found.detail in {
        f"the proxy {proxy.place} did not answer in time",
        "github.com did not answer within 0.2 s",
    }


def test_all_requests_together_have_a_deadline(machine: Machine) -> None:
    """What comes after it is not asked, and says so."""
    found = list(checks(machine.examination(in_all=0.0), NETWORK))
    assert {check.state for check in found} == {"skip"}
    assert found[0].detail == "the network took longer than 0 s already"


# -- the clock -------------------------------------------------------------------------------

CLOCKS = {
    "right": (0.0, "pass", "within 1 s of the server's"),
    "a little off": (-45.0, "pass", "within 45 s of the server's"),
    "ahead": (61.0, "warn", "61 s ahead of the server's: "),
    "behind": (-600.0, "warn", "10 min behind the server's: "),
    "hours": (7200.0, "warn", "2 h ahead of the server's: "),
    "days": (-864_000.0, "warn", "10 days behind the server's: "),
}


@pytest.mark.parametrize(("skew", "state", "detail"), CLOCKS.values(), ids=CLOCKS)
def test_the_clock_against_the_servers(
    skew: float, state: str, detail: str, machine: Machine
) -> None:
    """More than a minute is too much for certificates; what it breaks is said."""
    machine.now = NOW + skew
    found = machine.one("clock")
    assert found.state == state
    assert found.detail.startswith(detail)
    assert ("certificates" in found.detail) == (state == "warn")


@pytest.mark.parametrize("date", ["", "nonsense", "Sun, 99 Jun 2025 15:06:40 GMT"])
def test_a_server_that_does_not_tell_the_time(date: str, tmp_path: Path) -> None:
    """Nothing is said of the clock then."""
    machine = Machine(tmp_path / "home", lambda _: httpx.Response(200, headers={"date": date}))
    assert machine.one("clock").detail == "no server told the time"
