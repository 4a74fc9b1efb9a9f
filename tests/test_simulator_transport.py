"""The front for unit tests: hosts, faults, the log, and errors as httpx would raise them."""

import threading

import httpx
import pytest

from copilot_cli.simulator.hosts import place
from tests.simulated import COPILOT, Plain, text


@pytest.mark.parametrize(
    ("host", "room", "domain"),
    [
        ("github.com", "web", "github.com"),
        ("GitHub.com", "web", "github.com"),
        ("api.github.com", "rest", "github.com"),
        ("api.githubcopilot.com", "copilot", "github.com"),
        ("api.business.githubcopilot.com", "copilot", "github.com"),
        ("proxy.business.githubcopilot.com", "other", "github.com"),
        ("octo.ghe.com", "web", "octo.ghe.com"),
        ("api.octo.ghe.com", "rest", "octo.ghe.com"),
        ("copilot-api.octo.ghe.com", "copilot", "octo.ghe.com"),
        ("127.0.0.1", "any", "github.com"),
        ("localhost", "any", "github.com"),
    ],
)
def test_hosts(host: str, room: str, domain: str) -> None:
    """Each of GitHub's host names has its service."""
    assert place(host) == (room, domain)


@pytest.mark.parametrize(
    "host", ["example.com", "github.com.evil.example", "notgithubcopilot.com", "ghe.com", "a.b.c"]
)
def test_other_hosts_cannot_be_reached(host: str) -> None:
    """Whatever is not GitHub's is a connection error, look-alikes included."""
    with pytest.raises(httpx.ConnectError):
        Plain().http.get(f"https://{host}/user")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/user",
        "https://api.github.com/models",
        f"{COPILOT}/user",
        "https://api.github.com/repos/octo/cat",
        "http://127.0.0.1/nothing",
    ],
)
def test_unknown_paths_are_refused_and_recorded(url: str) -> None:
    """An endpoint exists at its own host only; the rest is a 404 and stands in the log."""
    plain = Plain()
    assert plain.http.get(url).status_code == 404
    assert [seen.endpoint for seen in plain.sim.log] == ["unknown"]


def test_wrong_method_is_unknown() -> None:
    """A GET where a POST belongs is not found."""
    assert Plain().http.get("https://github.com/login/device/code").status_code == 404


def test_log() -> None:
    """The log holds what was asked, with lower-case headers, the time and the status."""
    plain = Plain()
    headers = plain.bearer() | {"X-Initiator": "user"}
    plain.pass_time(7)
    plain.ask("hello", headers=headers)
    exchange, chat = plain.sim.log
    assert exchange.endpoint == "exchange"
    found = (chat.endpoint, chat.method, chat.host, chat.path, chat.status, chat.at)
    host = "api.individual.githubcopilot.com"
    assert found == ("chat", "POST", host, "/chat/completions", 200, plain.time)
    assert chat.headers["x-initiator"] == "user"
    assert chat.json()["messages"][0]["content"] == "hello"
    assert not chat.aborted


@pytest.mark.parametrize("unknown", ["nonsense", "device_page", "unknown"])
def test_fault_of_an_unknown_endpoint(unknown: str) -> None:
    """A misspelt endpoint is told at once."""
    with pytest.raises(ValueError, match="there are: device_code"):
        Plain().sim.fault(unknown, status=500)


def test_faults_are_played_in_order_and_then_it_works() -> None:
    """Faults of one endpoint come one after the other, `times` each, before the normal answer."""
    plain = Plain()
    token = plain.sim.sign_in()
    plain.sim.fault("user", status=503, body="busy", headers={"Retry-After": "7"}, times=2)
    plain.sim.fault("user", status=429, body={"message": "slow"})
    plain.sim.fault("quota", status=500)
    first = plain.rest("/user", token)
    assert (first.status_code, first.text, first.headers["retry-after"]) == (503, "busy", "7")
    assert first.headers["content-type"].startswith("text/plain")
    statuses = [plain.rest("/user", token).status_code for _ in range(3)]
    assert statuses == [503, 429, 200]
    assert plain.sim.unused() == ["fault of quota"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>", "text/html"),
        (b"\n<!doctype html>", "text/html"),
        ('{"error": 1}', "application/json"),
        ({"error": 1}, "application/json"),
        ("plain", "text/plain"),
        (None, "text/plain"),
    ],
)
def test_content_type_of_a_fault(body: str | bytes | dict[str, int] | None, kind: str) -> None:
    """A fault's content type fits its body, unless its headers say otherwise."""
    plain = Plain()
    plain.sim.fault("user", status=500, body=body)
    plain.sim.fault("user", status=500, body=body, headers={"Content-Type": "x/y"})
    assert plain.rest("/user", "").headers["content-type"].startswith(kind)
    assert plain.rest("/user", "").headers["content-type"] == "x/y"


def test_fault_with_a_body_alone_is_a_200() -> None:
    """A captive portal answers 200 with HTML."""
    plain = Plain()
    plain.sim.fault("chat", body="<html>log in to the hotel</html>")
    reply = plain.ask()
    assert (reply.status_code, reply.headers["content-type"][:9]) == (200, "text/html")


def test_dropped_and_refused_connections() -> None:
    """`drop` and `connect_error` raise what httpx raises for them, and then it works."""
    plain = Plain()
    token = plain.sim.sign_in()
    plain.sim.fault("user", drop=True)
    plain.sim.fault("user", connect_error=True)
    with pytest.raises(httpx.RemoteProtocolError):
        plain.rest("/user", token)
    with pytest.raises(httpx.ConnectError):
        plain.rest("/user", token)
    assert plain.rest("/user", token).status_code == 200


def test_delay_beyond_the_patience_is_a_timeout() -> None:
    """A delay longer than the read timeout is that timeout; a shorter one is only late."""
    plain = Plain()
    token = plain.sim.sign_in()
    plain.sim.fault("user", delay=60)
    plain.sim.fault("user", delay=1)
    with pytest.raises(httpx.ReadTimeout):
        plain.rest("/user", token)
    assert plain.rest("/user", token).status_code == 200


def test_leaving_in_mid_stream_is_recorded() -> None:
    """A client that closes the response early is logged as aborted; one that read on is not."""
    plain = Plain()
    headers = plain.bearer()
    body = {"model": "sim-echo", "stream": True, "messages": [{"role": "user", "content": "a b"}]}
    for early in (True, False):
        url = f"{COPILOT}/chat/completions"
        with plain.http.stream("POST", url, json=body, headers=headers) as reply:
            chunks = reply.iter_raw()
            next(chunks)
            if not early:
                list(chunks)
        assert plain.sim.log[-1].aborted is early


def test_wait() -> None:
    """`wait` returns when something has happened in another thread, or says that it did not."""
    plain = Plain()
    asker = threading.Thread(target=plain.ask)
    asker.start()
    assert plain.sim.wait(lambda: any(seen.endpoint == "chat" for seen in plain.sim.log))
    asker.join()
    assert not plain.sim.wait(lambda: False, timeout=0.0)


def test_changes_of_the_scenario_count_at_once() -> None:
    """A test may change its mind in the middle."""
    plain = Plain()
    token = plain.sim.sign_in()
    plain.sim.scenario.no_copilot = "access_revoked"
    assert plain.exchange(token).status_code == 403
    plain.sim.scenario.no_copilot = None
    assert plain.exchange(token).status_code == 200


def test_every_reply_can_be_told_apart() -> None:
    """Each reply has a request id of its own, faults included."""
    plain = Plain()
    plain.sim.fault("user", status=500)
    token = plain.sim.sign_in()
    replies = [plain.rest("/user", token), plain.rest("/user", token), plain.ask()]
    assert len({reply.headers["x-request-id"] for reply in replies}) == 3
    assert text(replies[2]) == "hello"
