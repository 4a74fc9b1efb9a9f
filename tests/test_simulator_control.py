"""The control paths, by which another process steers the simulator."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from tests.simulated import bearer, question, text, trust

pytestmark = pytest.mark.real


@pytest.fixture(params=[False, True], ids=["http", "https"])
def server(request: pytest.FixtureRequest) -> Iterator[SimulatorServer]:
    """A running server, with and without TLS."""
    with SimulatorServer(Simulator(), tls=request.param) as running:
        yield running


@pytest.fixture
def client(server: SimulatorServer) -> Iterator[httpx.Client]:
    """A client that goes straight to the server's url."""
    with httpx.Client(base_url=server.url, verify=trust(server), trust_env=False) as made:
        yield made


def control(client: httpx.Client, name: str, **data: Any) -> httpx.Response:
    """A control request."""
    return client.post(f"/_simulator/{name}", json=data)


def test_control_sign_in_and_log(server: SimulatorServer, client: httpx.Client) -> None:
    """Another process can sign in, revoke, and read what was asked."""
    token = control(client, "sign_in", login="mona", kind="gho_").json()["token"]
    headers = {"authorization": f"token {token}"}
    assert client.get("/user", headers=headers).json()["login"] == "mona"
    assert control(client, "revoke", token=token).status_code == 200
    assert control(client, "revoke", token=token).status_code == 404
    assert client.get("/user", headers=headers).status_code == 401
    log = client.get("/_simulator/log").json()
    assert [(seen["endpoint"], seen["status"]) for seen in log] == [("user", 200), ("user", 401)]
    assert log[0]["headers"]["authorization"] == f"token {token}"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_control_decides(
    server: SimulatorServer, client: httpx.Client, decision: str, named: bool
) -> None:
    """A script can approve or deny, by the code or the latest one that waits."""
    assert control(client, decision).status_code == 404
    asked = {"client_id": "Iv1.b507a08c87ecfe98"}
    accept = {"accept": "application/json"}
    code = client.post("/login/device/code", data=asked, headers=accept).json()["user_code"]
    assert client.get("/_simulator/pending").json() == [code]
    data = {"user_code": code} if named else {}
    assert control(client, decision, **data).json() == {"user_code": code}
    assert client.get("/_simulator/pending").json() == []


def test_control_scripts(server: SimulatorServer, client: httpx.Client) -> None:
    """Faults, answers and the scenario can be scripted from outside."""
    headers = bearer(server, client)
    control(client, "fault", endpoint="chat", status=503, headers={"Retry-After": "1"})
    control(client, "answer", text="scripted", pause_after=[1, 0.0])
    control(client, "answer", raw="data: [DONE]\n\n")
    control(client, "scenario", quota=-2, login="hubot", client_ids=["Iv1.other"])
    assert client.get("/_simulator/unused").json() == ["fault of chat", "answer", "answer"]
    first = client.post("/chat/completions", json=question(), headers=headers)
    assert (first.status_code, first.headers["retry-after"]) == (503, "1")
    second = client.post("/chat/completions", json=question(), headers=headers)
    assert text(second) == "scripted"
    assert "rem=-2" in second.headers["x-quota-snapshot-premium_interactions"]
    third = client.post("/chat/completions", json=question(), headers=headers)
    assert third.content == b"data: [DONE]\n\n"
    asked = {"client_id": "Iv1.b507a08c87ecfe98"}
    assert client.post("/login/device/code", data=asked).status_code == 404


def test_control_of_crossings_and_refusals(server: SimulatorServer, client: httpx.Client) -> None:
    """Another process can ask what crossed, and script a refusal by its name."""
    token = control(client, "sign_in", domain="octo.ghe.com").json()["token"]
    assert client.get("/_simulator/crossings").json() == []
    client.get("/byok/openai/v1/models", headers={"authorization": f"Bearer {token}"})
    (crossing,) = client.get("/_simulator/crossings").json()
    assert (crossing["kind"], crossing["home"]) == ("ghu_", "octo.ghe.com")
    control(client, "fault", endpoint="messages", refusal="misdirected")
    assert client.post("/v1/messages", json={}).text == "Misdirected Request\n"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("fault", {"endpoint": "chat", "refusal": "nope"}, "no refusal 'nope'"),
        ("fault", {}, "'endpoint' is missing"),
        ("fault", {"endpoint": "nope"}, "there are: device_code"),
        ("fault", {"endpoint": "chat", "times": "2"}, "'times' cannot be '2'"),
        ("answer", {"txt": "x"}, "unknown key 'txt'"),
        ("answer", {"quirk": "nope"}, "unknown quirk"),
        ("answer", {"pause_after": [1]}, "unpack"),
        ("scenario", {"colour": "red"}, "unknown key 'colour'"),
        ("scenario", {"interval": "5"}, "'interval' cannot be '5'"),
        ("sign_in", [], "must be a JSON object"),
    ],
)
def test_control_says_what_is_wrong(client: httpx.Client, name: str, data: Any, said: str) -> None:
    """A mistake is a 400 that names it."""
    reply = client.post(f"/_simulator/{name}", json=data)
    assert (reply.status_code, said in reply.json()["error"]) == (400, True)


def test_control_of_other_origins_is_refused(server: SimulatorServer, client: httpx.Client) -> None:
    """A web page elsewhere cannot approve a sign-in; the server's own origin may."""
    for origin, status in ((server.url, 200), ("https://evil.example", 403), ("null", 403)):
        reply = client.post("/_simulator/sign_in", json={}, headers={"origin": origin})
        assert reply.status_code == status


def test_unknown_control_paths(client: httpx.Client) -> None:
    """What is not a control path is a 404."""
    assert client.get("/_simulator/nope").status_code == 404
    assert client.post("/_simulator/nope").status_code == 404
    assert client.put("/_simulator/log").status_code == 404


def test_scenario_takes_every_field(server: SimulatorServer, client: httpx.Client) -> None:
    """Every field of the scenario can be changed to its default through the control path."""
    for name, value in vars(Scenario()).items():
        plain = sorted(value) if isinstance(value, frozenset) else value
        assert control(client, "scenario", **{name: plain}).status_code == 200
    assert server.simulator.scenario == Scenario()
