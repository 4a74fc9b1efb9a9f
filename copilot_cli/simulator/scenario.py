"""What a test decides about the simulated service: its account, its faults and its next answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from copilot_cli.simulator.refusals import REFUSALS
from copilot_cli.simulator.reply import CUT, JSON_TYPE, TEXT_TYPE, Reply, json_reply

GITHUB_ENDPOINTS = ("device_code", "device_token", "user", "exchange", "quota")
COPILOT_ENDPOINTS = ("models", "policy", "session", "chat", "responses", "messages")
BYOK_ENDPOINTS = (
    *("openai_models", "openai_chat", "openai_responses"),
    *("azure_models", "azure_chat", "azure_responses"),
    *("anthropic_models", "anthropic_messages"),
    *("ollama_models", "ollama_chat"),
)
ENDPOINTS = GITHUB_ENDPOINTS + COPILOT_ENDPOINTS + BYOK_ENDPOINTS
"""The endpoints that can be given a fault; the log also knows `device_page` and `unknown`."""

KEYS = {
    "openai": "sk-simulator-openai-key",
    "azure": "simulator-azure-key",
    "anthropic": "sk-ant-simulator-anthropic-key",
}
"""The keys that the fronts of other providers take; the one of Ollama takes any, and none."""


@dataclass
class Scenario:
    """The account and the mood of the service. Every field may be changed while it runs.

    Times are in seconds. `quota` is the percentage of premium requests that is left (a float, and
    negative once overdrawn); `entitlement` -1 means unlimited.
    """

    login: str = "octocat"
    plan: str = "individual"  # free, individual, individual_pro, business, enterprise
    plans: dict[str, str] = field(default_factory=dict)  # of single logins, where it differs
    token_kind: str = "ghu_"  # noqa: S105  the prefix of a token, not one
    expiring: bool = False
    interval: int = 5
    expires_in: int = 900
    auto_approve: str | int | None = None  # None, "at_once", or how many polls are pending first
    device_flow: bool = True
    client_ids: frozenset[str] = frozenset({"Iv1.b507a08c87ecfe98"})
    exchange_refuses_gho: bool = True
    copilot_requests: bool = True  # whether fine-grained tokens have that permission
    no_copilot: str | None = None  # the notification_id of the refusal
    token_life: int = 1800
    refresh_in: int = 1500
    clock_skew: float = 0.0
    endpoints_api: str | None = None
    quota: float = 80.0
    entitlement: int = 300
    token_billing: bool = False
    overage_permitted: bool = False
    auto: bool = True  # whether POST /models/session is there
    auto_life: int = 3600
    broken_models: bool = False  # also list items that are no models at all
    keys: dict[str, str] = field(default_factory=lambda: dict(KEYS))


class Fault(NamedTuple):
    """A failure that is played before the normal behaviour; see `Simulator.fault`."""

    status: int | None = None
    body: str | bytes | Mapping[str, Any] | None = None
    headers: Mapping[str, str] = {}
    error: str | None = None
    interval: int | None = None
    drop: bool = False
    delay: float = 0.0
    connect_error: bool = False
    cut_after: int | None = None
    refusal: str | None = None

    def reply(self) -> Reply | None:
        """The reply that stands in for the normal one; None if only a delay was asked for."""
        if self.drop or self.connect_error:
            return Reply(0, {}, drop=self.drop, refuse=self.connect_error, delay=self.delay)
        if self.error is not None:
            said: dict[str, Any] = {"error": self.error, "error_description": _words(self.error)}
            if self.interval is not None:
                said["interval"] = self.interval
            made = json_reply(said, self.status or 200)
        elif self.refusal is not None:
            named = REFUSALS[self.refusal]
            headers = {"content-type": named.content_type, **named.headers}
            made = Reply(named.status, headers, named.body.encode())
        elif self.status is None and self.body is None:
            return None
        else:
            made = self._plain()
        if self.cut_after is not None and isinstance(made.body, bytes):
            made = made._replace(body=iter((made.body[: self.cut_after], CUT)))
        return made._replace(headers={**made.headers, **_lower(self.headers)}, delay=self.delay)

    def _plain(self) -> Reply:
        if isinstance(self.body, Mapping):
            return json_reply(dict(self.body), self.status or 200)
        body = self.body.encode() if isinstance(self.body, str) else self.body or b""
        return Reply(self.status or 200, {"content-type": _type_of(body)}, body)


def _words(error: str) -> str:
    return f"The simulator was told to answer {error}."


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _type_of(body: bytes) -> str:
    if body.lstrip().startswith(b"<"):
        return "text/html; charset=utf-8"
    return JSON_TYPE if body.lstrip().startswith((b"{", b"[")) else TEXT_TYPE


class Answer(NamedTuple):
    """The next answer of a chat model; see `Simulator.answer`."""

    text: str | None = None
    deltas: Sequence[str] | None = None
    reasoning: str | None = None
    tool_calls: Sequence[tuple[str, str]] = ()
    quirk: str | Sequence[str] = ()
    finish: str | None = None
    usage: Mapping[str, Any] | None = None
    cut_after: int | None = None
    pause_after: tuple[int, float | threading.Event] | None = None
    raw: bytes | None = None
    batch: int = 1
    refusal: str | None = None
    stopped: str | None = None


@dataclass
class Seen:
    """One request that the simulator was sent, and how it ended. `at` is in unix seconds."""

    endpoint: str
    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    status: int = 0
    aborted: bool = False
    query: str = field(default="", repr=False)

    def json(self) -> Any:
        """The body, decoded; ValueError if it is not JSON."""
        return json.loads(self.body)
