"""The engine `byok`: an endpoint of the person's own, with a key of its own or with none.

Rule: nothing of GitHub's or Copilot's goes there: no identity header, and no token, not even one
that was set as the endpoint's key. The engine is given an endpoint and never a lease.
"""

from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlsplit

import httpx

from copilot_cli.engines.answering import Address, Answering
from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.failure import Failure, StaleToken
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.model_list import fetch
from copilot_cli.engines.models import parse_models
from copilot_cli.engines.provider_rows import PROVIDERS, authorization
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import SettingsError
from copilot_cli.messages import Event, ModelInfo, Request
from copilot_cli.secret import names_github
from copilot_cli.wires.stream import Decoder
from copilot_cli.wires.table import WIRES, Wire

_NO_LIST = frozenset({404, 405, 501})


class ByokEngine:
    """Answers turns, and lists models, over one endpoint."""

    name = "byok"

    def __init__(
        self,
        client: httpx.Client,
        endpoint: Endpoint,
        http: HTTPEngine,
        *,
        retrying: Retrying,
        now: Callable[[], float],
        find: Callable[[str], ModelInfo | None] = lambda _: None,
    ) -> None:
        """`find` returns what is known of a model of this endpoint, and sends nothing."""
        self._client = client
        self._endpoint = endpoint
        self._provider = PROVIDERS[endpoint.type]
        self._wire = WIRES[self._provider.wires[endpoint.wire]]
        self._retrying = retrying
        self._now = now
        self._answering = Answering(
            http,
            retrying=retrying,
            find=find,
            path=self._wire.path,
            explain=self.explained,
            reading=self._reading,
        )

    @property
    def path(self) -> str:
        """The path of the wire that the endpoint speaks."""
        return self._wire.path

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried, and
        `SettingsError`, before anything is sent, for a key that is GitHub's or Copilot's.
        """
        return self._answering.answer(request, self)

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, without the credential and without sending it."""
        url = urlsplit(self._provider.url(self._endpoint, self._wire.path, request.model))
        headers = {**self._wire.headers, **dict.fromkeys(self._endpoint.headers, "****")}
        return {
            "method": "POST",
            "url": f"{url.scheme}://{url.netloc}",
            "path": url.path + (f"?{url.query}" if url.query else ""),
            "headers": headers,
            "body": self._answering.form(request).body(),
        }

    def models(self) -> list[ModelInfo]:
        """Return the endpoint's models; none where it has no list. Raises a `CopilotChatError`."""
        return [
            model._replace(endpoint=self._endpoint.name)
            for model in parse_models(self.models_reply())
        ]

    def models_reply(self) -> dict[str, Any]:
        """Return the same in the form of Copilot's list. Raises as `models` does."""
        url = self._provider.models(self._endpoint)
        if url is None:
            return {"data": []}
        from copilot_cli.engines.byok_models import as_copilot

        reply = self._retrying.result(lambda: self._fetched(url))
        return {"data": as_copilot(reply, self._wire.path)}

    def _fetched(self, url: str) -> object:
        try:
            return fetch(self._client, url, self._headers(WIRES[self._wire.path]), now=self._now())
        except Failure as failure:
            if failure.refusal is not None and failure.refusal.status in _NO_LIST:
                return None
            raise self.explained(failure) from failure

    # What `Answering` asks of a sender: the endpoint is the same for every request

    def address(self, wire: Wire, request: Request) -> Address:
        """Return where `request` goes, and the headers with the key. Raises `SettingsError`."""
        url = self._provider.url(self._endpoint, wire.path, request.model)
        return Address(url, self._headers(wire))

    def renew(self, _stale: StaleToken) -> bool:
        """Say that there is no other key."""
        return False

    def _headers(self, wire: Wire) -> dict[str, str]:
        headers = httpx.Headers({**wire.headers, **self._endpoint.headers})
        headers.update(authorization(self._endpoint))
        for name, value in headers.items():
            if names_github(value):
                self._refuse(name)
        return dict(headers)

    def _refuse(self, header: str) -> None:
        endpoint = self._endpoint
        raise SettingsError(
            f"the {header} of the endpoint {endpoint.name} holds a token of GitHub or Copilot,"
            " which goes to no other service; nothing was sent",
            hint=f"give it a key of {self._host}, in place of that of {endpoint.where}",
        )

    @property
    def _host(self) -> str:
        return urlsplit(self._endpoint.base_url).netloc

    def explained(self, failure: Failure) -> Failure:
        """Return `failure` in words about this endpoint."""
        from copilot_cli.engines.byok_refusals import explained

        return explained(failure, self._endpoint, self._host)

    def _reading(self, decoder: Decoder) -> Decoder:
        if not self._provider.thinks:
            return decoder
        from copilot_cli.wires.think import ThinkSplitter

        return ThinkSplitter(decoder)
