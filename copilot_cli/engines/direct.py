"""The engine `direct`: Copilot's HTTP API with the exchanged token.

It joins what the lease gives (token and host, always of one exchange), the identity headers and a
wire, and owns the two answers that only this host gives: a 401 renews the token once and sends the
same request once more; everything else is `resilience.py`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import httpx

from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.engines.models import parse_models
from copilot_cli.engines.resilience import Patience, resilient
from copilot_cli.engines.statuses import Failure, Unauthorized, failure, read_refusal
from copilot_cli.errors import ServiceError
from copilot_cli.messages import Event, ModelInfo, Request
from copilot_cli.network import translate
from copilot_cli.retry_after import delay_asked
from copilot_cli.secret import Secret
from copilot_cli.wires import chat

MODELS_VERSION = "2025-05-01"
"""`X-GitHub-Api-Version` of the model list (microsoft/vscode-copilot-chat)."""

MAX_MODELS_BODY = 8 * 1024 * 1024


class Token(Protocol):
    """What the lease hands out: a bearer and the host it is for."""

    @property
    def token(self) -> Secret:
        """The Copilot token."""

    @property
    def api(self) -> str:
        """The base URL that takes it, without a slash at its end."""


class Lease(Protocol):
    """Who keeps the Copilot token: `get` one that is valid, `invalidate` one that was refused."""

    def get(self) -> Token:
        """Return a token that is valid now."""

    def invalidate(self, token: Any) -> None:
        """Forget `token`, unless it was replaced already."""


class DirectEngine:
    """Answers turns, and lists models, over Copilot's own API."""

    name = "direct"

    def __init__(
        self,
        client: httpx.Client,
        lease: Lease,
        identity: Mapping[str, str],
        http: HTTPEngine,
        *,
        retries: int,
        sleep: Callable[[float], None],
        now: Callable[[], float],
        local_time: Callable[[float], str],
    ) -> None:
        self._client = client
        self._lease = lease
        self._identity = identity
        self._http = http
        self._retries = retries
        self._sleep = sleep
        self._now = now
        self._local_time = local_time

    def answer(self, request: Request) -> Iterator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried.
        """
        body = json.dumps(chat.encode(request), ensure_ascii=True).encode()
        yield from resilient(
            lambda: self._authorized(request, body),
            patience=Patience(self._retries),
            sleep=self._sleep,
            local_time=self._local_time,
        )

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, without the credential and without sending it."""
        return {
            "method": "POST",
            "path": chat.PATH,
            "headers": {**self._identity, **_request_headers(request)},
            "body": chat.encode(request),
        }

    def models(self) -> list[ModelInfo]:
        """Return the live model list. Raises a `CopilotChatError`."""
        patience = Patience(self._retries)
        while True:
            try:
                return parse_models(self._fetch_models())
            except Failure as failed:
                pause = patience.pause(failed.retry)
                if pause is None:
                    raise failed.error from failed
                self._sleep(pause)

    def _authorized(self, request: Request, body: bytes) -> Iterator[Event]:
        token = self._lease.get()
        try:
            yield from self._attempt(request, body, token)
        except Unauthorized:
            # Before the first event, so nothing was shown; the second 401 is the person's to know.
            self._lease.invalidate(token)
            yield from self._attempt(request, body, self._lease.get())

    def _attempt(self, request: Request, body: bytes, token: Token) -> Iterator[Event]:
        call = Call(
            url=token.api + chat.PATH,
            headers={**self._identity, **_request_headers(request), **_bearer(token)},
            body=body,
            stream=request.stream,
        )
        return self._http.attempt(call, chat.Decoder())

    def _fetch_models(self) -> dict[str, Any]:
        token = self._lease.get()
        try:
            return self._get_models(token)
        except Unauthorized:
            self._lease.invalidate(token)
            return self._get_models(self._lease.get())

    def _get_models(self, token: Token) -> dict[str, Any]:
        url = token.api + "/models"
        headers = {
            **self._identity,
            **_bearer(token),
            "Accept": "application/json",
            "OpenAI-Intent": "model-access",
            "X-GitHub-Api-Version": MODELS_VERSION,
        }
        try:
            response = self._client.get(url, headers=headers)
        except httpx.HTTPError as error:
            raise Failure(translate(error, url=url)) from error
        if response.status_code != 200:
            raise failure(
                read_refusal(
                    response.status_code,
                    response.content[: 64 * 1024],
                    after=delay_asked(
                        response.headers, response.headers.get_list("retry-after"), self._now()
                    ),
                    request_id=response.headers.get("x-request-id"),
                )
            )
        return _models_body(response)


def _models_body(response: httpx.Response) -> dict[str, Any]:
    try:
        data = json.loads(response.content[:MAX_MODELS_BODY])
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("data"), list):
        raise Failure(ServiceError("the model list is not what it should be"))
    return data


def _request_headers(request: Request) -> dict[str, str]:
    return {
        "X-Initiator": request.initiator,
        "X-Request-Id": request.request_id,
        "Openai-Intent": "conversation-panel",
    }


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.token.reveal()}"}
