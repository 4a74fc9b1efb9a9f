"""The simulated Copilot host: the model list, policies, chat completions.

It refuses what the service is known to refuse, with the same statuses and the same content types
(many of its JSON errors are labelled text/plain).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from copilot_cli.simulator import catalogue, identity, streams
from copilot_cli.simulator.accounts import Accounts
from copilot_cli.simulator.catalogue import CHAT, Model
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.library import Library
from copilot_cli.simulator.reply import TEXT_TYPE, Reply, Request, json_reply, text_reply
from copilot_cli.simulator.scenario import Answer, Scenario

MAX_BODY: Final = 16 * 1024 * 1024  # bytes
_MAX_TOOLS: Final = 128
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_SAMPLING: Final = ("max_tokens", "temperature", "top_p")


class Refused(Exception):  # noqa: N818  a reply on its way out, not a fault of the program
    """A request that the host answers with this error."""

    def __init__(
        self, code: str, message: str, status: int = 400, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.param = param

    def reply(self) -> Reply:
        """The error as the host writes it: JSON, labelled as plain text."""
        said = {"message": str(self), "code": self.code, "type": "invalid_request_error"}
        if self.param is not None:
            said["param"] = self.param
        return json_reply({"error": said}, self.status, TEXT_TYPE)


class Copilot:
    """The Copilot API of the simulator; `answers` are played before the models' own."""

    def __init__(
        self,
        scenario: Scenario,
        accounts: Accounts,
        now: Callable[[], float],
        library: Library,
    ) -> None:
        self._scenario = scenario
        self._accounts = accounts
        self._now = now
        self._library = library
        self._models = catalogue.models()
        self.answers: list[Answer] = []

    def models(self, request: Request, place: Place) -> Reply:
        """GET /models."""
        refused = identity.refusal(request, place, self._accounts, self._scenario)
        if refused is not None:
            return refused
        said = catalogue.listing(self._models, broken=self._scenario.broken_models)
        return json_reply(said).with_headers({"cache-control": "private, max-age=21600"})

    def policy(self, request: Request, place: Place) -> Reply:
        """POST /models/{id}/policy: the person's acceptance of a model's terms."""
        refused = identity.refusal(request, place, self._accounts, self._scenario)
        if refused is not None:
            return refused
        model = self._models.get(request.path.split("/")[-2])
        if model is None or "policy" not in model.item:
            return text_reply("not found\n", 404)
        state = request.form().get("state")
        if state not in ("enabled", "disabled"):
            return Refused("invalid_request_body", "state must be enabled or disabled").reply()
        model.item["policy"]["state"] = state
        return json_reply({"id": model.id, "policy": model.item["policy"]})

    def chat(self, request: Request, place: Place) -> Reply:
        """POST /chat/completions."""
        refused = identity.refusal(request, place, self._accounts, self._scenario)
        if refused is not None:
            return refused
        if len(request.body) > MAX_BODY:
            return text_reply("Request Entity Too Large\n", 413)
        try:
            body = _decoded(request)
            model = self._model(body)
            messages = _messages(body)
            _check_options(model, body)
            _check_images(messages, request)
            tokens = _prompt_tokens(messages, model)
        except Refused as refusal:
            return refusal.reply()
        return self._answered(model, body, messages, tokens)

    def _model(self, body: Mapping[str, Any]) -> Model:
        named = body.get("model")
        if not isinstance(named, str):
            raise Refused("invalid_request_body", "model is required")
        model = self._models.get(named)
        policy = model.item.get("policy", {}) if model else {}
        chats = model is not None and model.family.get("type") == "chat"
        if model is None or not chats or policy.get("state", "enabled") != "enabled":
            raise Refused(
                "model_not_supported", "The requested model is not supported.", param="model"
            )
        if CHAT not in model.endpoints:
            raise Refused(
                "unsupported_api_for_model",
                f'model "{named}" is not accessible via the {CHAT} endpoint',
            )
        return model

    def _answered(
        self, model: Model, body: Mapping[str, Any], messages: list[dict[str, Any]], tokens: int
    ) -> Reply:
        answer = self.answers.pop(0) if self.answers else self._own(model, messages)
        head = streams.Head(f"chatcmpl-{secrets.token_hex(12)}", int(self._now()), model.id)
        usage = answer.usage if answer.usage is not None else {}
        counted = _usage(tokens, answer, model) | _split(usage)
        quirks = streams.quirks(answer.quirk)
        streamed = body.get("stream") is True and model.streams
        if answer.raw is None and (not streamed or quirks & {"json", "anthropic"}):
            return json_reply(streams.whole(answer, head, counted))
        steps = streams.ChatStream(answer, head, counted).steps()
        return Reply(200, {"content-type": "text/event-stream; charset=utf-8"}, steps)

    def _own(self, model: Model, messages: list[dict[str, Any]]) -> Answer:
        """What the model says by itself."""
        asked = next((text_of(m) for m in reversed(messages) if m.get("role") == "user"), "")
        if model.answers == "docs":
            return Answer(text=self._library.answer(asked))
        if model.answers == "tool":
            if messages[-1].get("role") == "tool":
                return Answer(text=f"The tool said: {text_of(messages[-1])}")
            arguments = json.dumps({"city": "Zürich", "unit": "celsius"}, ensure_ascii=False)
            return Answer(tool_calls=(("get_weather", arguments),))
        thought = "The person wants to read this again. " if model.restricted else None
        return Answer(text=asked, reasoning=thought)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, its text parts joined."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(p.get("text", "")) for p in parts if p.get("type") == "text")


def _decoded(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("invalid_request_body", "failed to parse request")
    return body


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("invalid_request_body", "messages must be a non-empty list", param="messages")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise Refused("invalid_request_body", f"messages[{number}]: unknown role")
        content = message.get("content")
        parts = isinstance(content, list) and all(isinstance(part, dict) for part in content)
        empty = content is None and bool(message.get("tool_calls"))
        if not (isinstance(content, str) or parts or empty):
            raise Refused("invalid_request_body", f"messages[{number}]: content is missing")
    return messages


def _check_options(model: Model, body: Mapping[str, Any]) -> None:
    if model.restricted:
        for name in _SAMPLING:
            if body.get(name) is not None:
                instead = ": use 'max_completion_tokens' instead" if name == "max_tokens" else ""
                raise Refused(
                    "unsupported_parameter",
                    f"Unsupported parameter: '{name}' is not supported with this model{instead}.",
                    param=name,
                )
    tools = body.get("tools") or []
    if len(tools) > _MAX_TOOLS:
        raise Refused("invalid_request_body", f"at most {_MAX_TOOLS} tools", param="tools")
    for tool in tools:
        name = str((tool.get("function") or {}).get("name", ""))
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
            raise Refused("invalid_request_body", f"invalid tool name {name!r}", param="tools")


def _check_images(messages: list[dict[str, Any]], request: Request) -> None:
    parts = [p for m in messages if isinstance(m.get("content"), list) for p in m["content"]]
    seen = any(part.get("type") == "image_url" for part in parts)
    if seen and request.headers.get("copilot-vision-request", "").lower() != "true":
        raise Refused(
            "bad_request", "missing required Copilot-Vision-Request header for vision requests"
        )


def _prompt_tokens(messages: list[dict[str, Any]], model: Model) -> int:
    """Tokens of the prompt by the simulator's own rule: a quarter of the characters."""
    tokens = sum(len(text_of(message)) for message in messages) // 4
    limit = model.max_prompt
    if limit is not None and tokens > limit:
        raise Refused(
            "model_max_prompt_tokens_exceeded",
            f"prompt token count of {tokens} exceeds the limit of {limit}",
        )
    return tokens


def _split(usage: Mapping[str, Any]) -> dict[str, Any]:
    """A scripted usage: counts, with `copilot_usage` beside them where it was given."""
    if not usage:
        return {}
    counts = {name: value for name, value in usage.items() if name != "copilot_usage"}
    beside = {"copilot_usage": usage["copilot_usage"]} if "copilot_usage" in usage else {}
    return ({"usage": counts} if counts else {}) | beside


def _usage(prompt: int, answer: Answer, model: Model) -> dict[str, Any]:
    text = sum(map(len, streams.deltas_of(answer))) // 4
    reasoning = len(answer.reasoning or "") // 4
    called = sum(len(name) + len(arguments) for name, arguments in answer.tool_calls) // 4
    output = text + reasoning + called
    return {
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        },
        "copilot_usage": _cost(prompt, output, model),
    }


def _cost(prompt: int, output: int, model: Model) -> dict[str, Any]:
    """The bill in nano credits; the prices are per batch of tokens, in credits."""
    billing = model.item.get("billing", {})
    prices = billing.get("token_prices", {}).get("default", {})
    dear = billing.get("multiplier", 0)
    batch = 1_000_000
    rows = [
        ("input", prompt, prices.get("input_price", 100 * dear)),
        ("output", output, prices.get("output_price", 400 * dear)),
    ]
    return {
        "token_details": [
            {"batch_size": batch, "cost_per_batch": price, "token_count": n, "token_type": kind}
            for kind, n, price in rows
        ],
        "total_nano_aiu": int(sum(n * price * 1_000_000_000 / batch for _, n, price in rows)),
    }
