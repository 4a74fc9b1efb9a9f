"""The CONNECT proxy: unchanged clients reach the simulator under GitHub's own names."""

import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from copilot_cli.simulator import Simulator, SimulatorServer
from copilot_cli.simulator.scenario import KEYS
from tests.simulated import question, text, trust

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


def proxied(server: SimulatorServer, **more: Any) -> httpx.Client:
    """A client that believes it speaks to GitHub."""
    return httpx.Client(proxy=server.proxy, verify=trust(server), trust_env=False, **more)


def test_proxy_stands_in_for_the_real_hosts(server: SimulatorServer) -> None:
    """An unchanged client reaches all of GitHub's names, with certificates it can check."""
    with proxied(server) as client:
        token = {"authorization": f"token {server.simulator.sign_in()}"}
        said = client.get("https://api.github.com/copilot_internal/v2/token", headers=token).json()
        headers = {"authorization": f"Bearer {said['token']}", "editor-version": "vscode/1.99.3"}
        url = f"{said['endpoints']['api']}/chat/completions"
        reply = client.post(url, json=question(), headers=headers)
        assert text(reply) == "hello you"
        assert client.get("https://github.com/login/device").status_code == 200
        business = client.get("https://api.business.githubcopilot.com/models", headers=headers)
        assert business.status_code == 421
    hosts = [seen.host for seen in server.simulator.log]
    assert hosts[:2] == ["api.github.com", "api.individual.githubcopilot.com"]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://api.openai.com", {"authorization": f"Bearer {KEYS['openai']}"}),
        ("https://octo.openai.azure.com/openai", {"api-key": KEYS["azure"]}),
        (
            "https://api.anthropic.com",
            {"x-api-key": KEYS["anthropic"], "anthropic-version": "2023-06-01"},
        ),
    ],
)
def test_proxy_stands_in_for_other_providers(
    server: SimulatorServer, url: str, headers: dict[str, str]
) -> None:
    """A provider is reached by its own name; below the url it has a folder."""
    with proxied(server) as client:
        assert client.get(f"{url}/v1/models", headers=headers).status_code == 200
    name = server.simulator.log[-1].endpoint.partition("_")[0]
    path = f"/byok/{name}{httpx.URL(url).path.rstrip('/')}/v1/models"
    with httpx.Client(base_url=server.url, verify=trust(server), trust_env=False) as client:
        assert client.get(path, headers=headers).status_code == 200
    assert server.simulator.crossings == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://github.com.evil.example/",
        "https://127.0.0.1/user",
        "https://localhost/user",
    ],
)
def test_proxy_refuses_other_hosts(server: SimulatorServer, url: str) -> None:
    """The proxy lets nobody through to anywhere."""
    with proxied(server) as client, pytest.raises(httpx.ProxyError, match="403"):
        client.get(url)


def test_proxy_is_for_https_only(server: SimulatorServer) -> None:
    """Plain http through the proxy is refused, and so are its own control paths."""
    with proxied(server) as client:
        assert client.get("http://github.com/login/device").status_code == 403
        assert client.get("https://github.com/_simulator/log").status_code == 404
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.proxy}/_simulator/log").status_code == 403


def test_untrusting_client_is_no_trouble(
    server: SimulatorServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """A client that does not trust the CA fails by itself; the server says nothing and goes on."""
    with (
        httpx.Client(proxy=server.proxy, trust_env=False) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get("https://api.github.com/user")
    with proxied(server) as client:
        assert client.get("https://api.github.com/user").status_code == 401
    assert capfd.readouterr() == ("", "")


def test_env_points_any_client_here(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `env` set, a client that reads the environment ends up here."""
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with httpx.Client(verify=context) as client:
        assert client.get("https://api.github.com/user").status_code == 401
        assert client.get(f"{os.environ['COPILOT_CHAT_GITHUB_URL']}/user").status_code == 401
    assert [seen.host for seen in server.simulator.log] == ["api.github.com", "127.0.0.1"]
