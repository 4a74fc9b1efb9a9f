"""A client that speaks to the simulator as plainly as can be, for the simulator's own tests."""

import json
import ssl
from typing import Any

import httpx

from copilot_cli.simulator import Scenario, Simulator, SimulatorServer

CLIENT_ID = "Iv1.b507a08c87ecfe98"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
COPILOT = "https://api.individual.githubcopilot.com"
JSON = {"accept": "application/json"}
START = 1_750_000_000.0


class Plain:
    """A simulator on a clock that only `pass_time` moves, and an httpx client on its transport."""

    def __init__(self, **scenario: Any) -> None:
        self.time = START
        self.sim = Simulator(Scenario(**scenario), now=lambda: self.time)
        self.http = httpx.Client(transport=self.sim.transport())

    def pass_time(self, seconds: float) -> None:
        """Let the simulator's clock go on."""
        self.time += seconds

    def code(self, host: str = "github.com", **fields: str) -> Any:
        """The reply to a code request."""
        asked = {"client_id": CLIENT_ID, "scope": "read:user"} | fields
        return self.http.post(f"https://{host}/login/device/code", data=asked, headers=JSON).json()

    def poll(self, device_code: str, /, host: str = "github.com", **fields: str) -> Any:
        """The reply to one poll."""
        asked = {"client_id": CLIENT_ID, "device_code": device_code, "grant_type": GRANT} | fields
        url = f"https://{host}/login/oauth/access_token"
        reply = self.http.post(url, data=asked, headers=JSON)
        assert reply.status_code == 200
        return reply.json()

    def refresh(self, token: str) -> Any:
        """The reply to a refresh."""
        asked = {"client_id": CLIENT_ID, "grant_type": "refresh_token", "refresh_token": token}
        url = "https://github.com/login/oauth/access_token"
        return self.http.post(url, data=asked, headers=JSON).json()

    def rest(self, path: str, token: str, host: str = "api.github.com") -> httpx.Response:
        """A GET of the REST API."""
        return self.http.get(f"https://{host}{path}", headers={"authorization": f"token {token}"})

    def exchange(self, token: str) -> httpx.Response:
        """The reply to the token exchange."""
        return self.rest("/copilot_internal/v2/token", token)

    def bearer(self, token: str | None = None) -> dict[str, str]:
        """Headers that the Copilot host takes, with a fresh Copilot token."""
        copilot = self.exchange(token or self.sim.sign_in()).json()["token"]
        return {"authorization": f"Bearer {copilot}", "editor-version": "vscode/1.99.3"}

    def ask(
        self,
        text: Any = "hello",
        *,
        model: str = "sim-echo",
        api: str = COPILOT,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        """A chat completion; `body` adds to or replaces the fields of the request."""
        messages = [{"role": "user", "content": text}]
        asked = {"model": model, "messages": messages, "stream": True} | body
        known = self.bearer() if headers is None else headers
        return self.http.post(f"{api}/chat/completions", json=asked, headers=known)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """A POST to the Copilot host with headers that it takes, and these."""
        return self.http.post(COPILOT + path, json=body, headers=self.bearer() | headers)

    def respond(self, asked: Any = "hello", **body: Any) -> httpx.Response:
        """A request on the responses wire; `body` adds to or replaces its fields."""
        said = {"model": "sim-responses", "input": asked, "stream": True, "store": False} | body
        return self.post("/responses", said)

    def message(self, asked: Any = "hello", **body: Any) -> httpx.Response:
        """A request on the messages wire; `body` adds to or replaces its fields."""
        messages = [{"role": "user", "content": asked}]
        said = {"model": "sim-claude", "messages": messages, "max_tokens": 4096, "stream": True}
        return self.post("/v1/messages", said | body)


def events(reply: httpx.Response) -> list[dict[str, Any]]:
    """The JSON events of a stream in the plain form, `[DONE]` left out."""
    lines = [line for line in reply.content.split(b"\n") if line.startswith(b"data:")]
    payloads = [line.removeprefix(b"data:").strip() for line in lines]
    return [json.loads(payload) for payload in payloads if payload != b"[DONE]"]


def text(reply: httpx.Response) -> str:
    """The answer's text, all choices taken together."""
    deltas = [choice["delta"] for event in events(reply) for choice in event["choices"] or ()]
    return "".join(delta.get("content") or "" for delta in deltas)


def trust(server: SimulatorServer) -> ssl.SSLContext:
    """A context that trusts the server's CA and nothing else."""
    return ssl.create_default_context(cafile=server.ca)


def bearer(server: SimulatorServer, client: httpx.Client) -> dict[str, str]:
    """Headers for the Copilot host, by a real exchange."""
    headers = {"authorization": f"token {server.simulator.sign_in()}"}
    token = client.get("/copilot_internal/v2/token", headers=headers).json()["token"]
    return {"authorization": f"Bearer {token}", "editor-version": "vscode/1.99.3"}


def question(asked: str = "hello you") -> dict[str, Any]:
    """A request body."""
    messages = [{"role": "user", "content": asked}]
    return {"model": "sim-echo", "stream": True, "messages": messages}
