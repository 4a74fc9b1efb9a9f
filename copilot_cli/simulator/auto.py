"""`auto`: the service picks the model, and hands out a session token that the request must carry.

`POST /models/session` with `{"auto_mode": {"model_hints": ["auto"]}}`. The reply's fields and the
header `Copilot-Session-Token` are those of VS Code's public client, and of no second source
(github.com/microsoft/vscode-copilot-chat, src/platform/endpoint/node/automodeService.ts); a stale
token's 401 is that of github.com/github/copilot-cli, issue 2818.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from copilot_cli.simulator.reply import Reply, Request, json_reply, text_reply
from copilot_cli.simulator.scenario import Scenario

HEADER: Final = "copilot-session-token"
PICKED: Final = "sim-auto"
_AVAILABLE: Final = (PICKED, "sim-echo", "sim-claude")
_DISCOUNT: Final = 0.1


class _Session(NamedTuple):
    owner: str
    expires: float


class Sessions:
    """Gives out sessions of the auto mode, each good for one account and for an hour."""

    def __init__(self, scenario: Scenario, now: Callable[[], float]) -> None:
        self._scenario = scenario
        self._now = now
        self._given: dict[str, _Session] = {}

    def open(self, request: Request, owner: str) -> tuple[Reply, str]:
        """The reply to a request for a session, and its token; "" where there is none."""
        if not self._scenario.auto:
            return text_reply("404 page not found\n", 404), ""
        if not _wanted(request):
            said = {"message": "auto_mode.model_hints is required", "code": "invalid_request_body"}
            return json_reply({"error": said}, 400), ""
        token = f"auto_{secrets.token_urlsafe(48)}"
        session = _Session(owner, self._now() + self._scenario.auto_life)
        self._given[token] = session
        said_at = int(session.expires + self._scenario.clock_skew)
        reply = json_reply(
            {
                "available_models": list(_AVAILABLE),
                "selected_model": PICKED,
                "session_token": token,
                "expires_at": said_at,
                "discounted_costs": dict.fromkeys(_AVAILABLE, _DISCOUNT),
            }
        )
        return reply, token

    def refusal(self, request: Request, model: str, owner: str) -> Reply | None:
        """Why the request's session is not taken; None if it is, or if there is none."""
        token = request.headers.get(HEADER)
        if token is None:
            return None
        session = self._given.get(token)
        good = session is not None and session.owner == owner and self._now() < session.expires
        if good and model in _AVAILABLE:
            return None
        return text_reply("unauthorized: Invalid auto-mode selector\n", 401)


def _wanted(request: Request) -> bool:
    data: Any = request.json()
    mode = data.get("auto_mode") if isinstance(data, dict) else None
    hints = mode.get("model_hints") if isinstance(mode, dict) else None
    return isinstance(hints, list) and bool(hints)
