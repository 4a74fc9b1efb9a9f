"""How another process steers the simulator: the paths under /_simulator/ of the loopback front.

They take and give JSON, and are refused to web pages of another origin.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from copilot_cli.simulator.reply import Reply, Request, json_reply
from copilot_cli.simulator.scenario import Scenario, Seen

if TYPE_CHECKING:
    from copilot_cli.simulator.router import Simulator

PREFIX: Final = "/_simulator/"

_NUMBER: Final = (int, float)


def _kinds(default: object) -> Any:
    """What a field may be changed to, told by its default."""
    return _NUMBER if isinstance(default, float) else type(default)


FAULT: Final[Mapping[str, Any]] = {
    "endpoint": str, "status": int, "body": (str, dict), "headers": dict, "error": str,
    "interval": int, "drop": bool, "delay": _NUMBER, "connect_error": bool, "cut_after": int,
    "refusal": str, "times": int,
}  # fmt: skip
ANSWER: Final[Mapping[str, Any]] = {
    "text": str, "deltas": list, "reasoning": str, "tool_calls": list, "quirk": (str, list),
    "finish": str, "usage": dict, "cut_after": int, "pause_after": list, "raw": str, "batch": int,
    "refusal": str, "times": int,
}  # fmt: skip
_OPTIONAL: Final = (str, int, type(None))
_SCENARIO: Final[Mapping[str, Any]] = {
    **{
        field.name: _OPTIONAL if field.default is None else _kinds(field.default)
        for field in fields(Scenario)
    },
    "client_ids": list,
    "plans": dict,
    "keys": dict,
}


class Control:
    """Answers the control requests for one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._posts: dict[str, Callable[[Any], Reply]] = {
            "approve": lambda data: self._decide(data, simulator.approve),
            "deny": lambda data: self._decide(data, simulator.deny),
            "fault": self._fault,
            "answer": self._answer,
            "sign_in": self._sign_in,
            "revoke": self._revoke,
            "scenario": self._change,
        }

    def handle(self, request: Request) -> Reply:
        """One control request; 400 says what is wrong with it."""
        if request.headers.get("origin", request.origin) != request.origin:
            return json_reply({"error": "not for other origins"}, 403)
        name = request.path.removeprefix(PREFIX)
        if request.method == "GET":
            return self._read(name)
        if request.method != "POST" or name not in self._posts:
            return json_reply({"error": f"no {request.method} {request.path}"}, 404)
        try:
            return self._posts[name](json.loads(request.body or b"{}"))
        except (ValueError, TypeError) as error:
            return json_reply({"error": str(error)}, 400)

    def _read(self, name: str) -> Reply:
        if name == "log":
            return json_reply([_seen(entry) for entry in list(self._simulator.log)])
        if name == "pending":
            return json_reply(self._simulator.pending())
        if name == "crossings":
            return json_reply([crossing._asdict() for crossing in self._simulator.crossings])
        if name == "unused":
            return json_reply(self._simulator.unused())
        return json_reply({"error": f"no GET {PREFIX}{name}"}, 404)

    def _decide(self, data: Any, decide: Callable[[str], bool]) -> Reply:
        pending = self._simulator.pending()
        code = _checked(data, {"user_code": str}).get("user_code", pending[-1] if pending else "")
        if not decide(code):
            return json_reply({"error": "no sign-in waits under this code"}, 404)
        return json_reply({"user_code": code})

    def _fault(self, data: Any) -> Reply:
        self._simulator.fault(**_checked(data, FAULT, "endpoint"))
        return json_reply({})

    def _answer(self, data: Any) -> Reply:
        script = _checked(data, ANSWER)
        if "raw" in script:
            script["raw"] = script["raw"].encode()
        if "pause_after" in script:
            number, seconds = script["pause_after"]
            script["pause_after"] = (int(number), float(seconds))
        for _ in range(script.pop("times", 1)):
            self._simulator.answer(**script)
        return json_reply({})

    def _sign_in(self, data: Any) -> Reply:
        asked = _checked(data, {"login": str, "kind": str, "domain": str})
        return json_reply({"token": self._simulator.sign_in(**asked)})

    def _revoke(self, data: Any) -> Reply:
        known = self._simulator.revoke(_checked(data, {"token": str}, "token")["token"])
        return json_reply({} if known else {"error": "no such token"}, 200 if known else 404)

    def _change(self, data: Any) -> Reply:
        for name, value in _checked(data, _SCENARIO).items():
            kept = frozenset(value) if name == "client_ids" else value
            setattr(self._simulator.scenario, name, kept)
        return json_reply({})


def _checked(data: Any, types: Mapping[str, Any], *needed: str) -> dict[str, Any]:
    """`data` if every key is known and of its type; ValueError or TypeError says which is not."""
    if not isinstance(data, dict):
        raise TypeError("the body must be a JSON object")
    for name in needed:
        if name not in data:
            raise ValueError(f"{name!r} is missing")
    for name, value in data.items():
        if name not in types:
            raise ValueError(f"unknown key {name!r}; there are: {', '.join(types)}")
        if not isinstance(value, types[name]):
            raise TypeError(f"{name!r} cannot be {value!r}")
    return dict(data)


def _seen(entry: Seen) -> dict[str, Any]:
    return {
        "endpoint": entry.endpoint,
        "method": entry.method,
        "host": entry.host,
        "path": entry.path,
        "query": entry.query,
        "headers": dict(entry.headers),
        "body": entry.body.decode("utf-8", "replace"),
        "at": entry.at,
        "status": entry.status,
        "aborted": entry.aborted,
    }
