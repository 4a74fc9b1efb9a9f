"""The engine `direct`: Copilot's HTTP API with the exchanged token.

It joins what the lease gives (token and host, always of one exchange), the identity headers and a
wire, and owns what only an exchanged token can mend: a 401 (or a 421, whose cure is the host that
comes with a new token) renews it and sends the same request again, once in the life of a request.
Every other repetition is `resilience.py`.
"""

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol

import httpx

from copilot_cli.engines.failure import StaleToken
from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.engines.model_list import fetch_models
from copilot_cli.engines.resilience import Patience, persistent, resilient
from copilot_cli.messages import Event, Request
from copilot_cli.secret import Secret
from copilot_cli.wires import chat


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

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried.
        """
        body = json.dumps(chat.encode(request)).encode()
        credential = _Credential(self._lease)
        yield from resilient(
            lambda: self._authorized(request, body, credential),
            patience=Patience(self._retries),
            sleep=self._sleep,
            local_time=self._local_time,
        )

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, without the credential and without sending it."""
        return {
            "method": "POST",
            "path": chat.PATH,
            "headers": _merged(_request_headers(request), self._identity),
            "body": chat.encode(request),
        }

    def models_reply(self) -> dict[str, Any]:
        """Return the live model list as the service sent it. Raises a `CopilotChatError`."""
        credential = _Credential(self._lease)
        return persistent(
            lambda: self._fetch_models(credential),
            patience=Patience(self._retries),
            sleep=self._sleep,
            local_time=self._local_time,
        )

    def _authorized(
        self, request: Request, body: bytes, credential: "_Credential"
    ) -> Generator[Event]:
        while True:
            token = credential.get()
            headers = _merged(_request_headers(request), self._identity, _bearer(token))
            call = Call(token.api + chat.PATH, headers, body, request.stream)
            try:
                yield from self._http.attempt(call, chat.Decoder())
            except StaleToken:
                # It comes in place of the first event, so nothing was shown yet.
                if not credential.renew():
                    raise
            else:
                return

    def _fetch_models(self, credential: "_Credential") -> dict[str, Any]:
        while True:
            token = credential.get()
            headers = _merged(self._identity, _bearer(token))
            try:
                return fetch_models(self._client, token.api, headers, now=self._now())
            except StaleToken:
                if not credential.renew():
                    raise


class _Credential:
    """The token of one request, renewed at most once however often the request is sent."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._token: Token | None = None
        self._renewed = False

    def get(self) -> Token:
        self._token = self._lease.get()
        return self._token

    def renew(self) -> bool:
        """Give the refused token up; False if that was done before."""
        if self._renewed:
            return False
        self._renewed = True
        self._lease.invalidate(self._token)
        return True


def _merged(*tables: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of all `tables`; the last one's word counts, whatever its case."""
    names: dict[str, str] = {}
    merged: dict[str, str] = {}
    for table in tables:
        for name, value in table.items():
            merged.pop(names.pop(name.lower(), ""), None)
            names[name.lower()] = name
            merged[name] = value
    return merged


def _request_headers(request: Request) -> dict[str, str]:
    return {
        "X-Initiator": request.initiator,
        "X-Request-Id": request.request_id,
        "Openai-Intent": "conversation-panel",
    }


def _bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.token.reveal()}"}
