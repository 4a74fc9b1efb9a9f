"""The model `auto`: the service chooses, and wants its choice's session token with each request.

`POST {api}/models/session` answers with the model and a token that is good for about an hour; a
stale one is a 401 of its own words, which a new session mends, once. Sources, one each:
microsoft/vscode-copilot-chat (automodeService) for the fields and the header,
github/copilot-cli#2818 for the 401. So every field but these two may be missing, and a service that
offers none of it is not at fault.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import NamedTuple, Protocol

import httpx

from copilot_cli.engines.failure import Failure, StaleToken
from copilot_cli.engines.model_list import VERSION
from copilot_cli.engines.outages import outages
from copilot_cli.engines.refusal import refusal_of
from copilot_cli.engines.statuses import SHOWN, failure
from copilot_cli.errors import CopilotChatError, ModelUnavailable, ServiceError
from copilot_cli.messages import Event, Request, Switched
from copilot_cli.secret import Secret
from copilot_cli.ui.safe import safe_line
from copilot_cli.wires.reading import parsed

HEADER = "Copilot-Session-Token"

_MARGIN = (
    300.0  # seconds before its end at which a session is replaced, as GitHub's own client does
)
_HOUR = 3600.0
_MAX_BODY = 256 * 1024
_NOT_OFFERED = frozenset({400, 403, 404, 405, 410, 501})


class Session(NamedTuple):
    """The service's choice: `model`, and the `token` that goes with it until `until` (unix)."""

    model: str
    token: Secret
    until: float


class Sender(Protocol):
    """One attempt with a session: `answer` yields its events, `stale` says why it failed."""

    @property
    def stale(self) -> bool:
        """Whether the service refused the session, and not the credential."""

    def answer(self) -> Generator[Event]:
        """Yield the events of one answer."""


class Auto:
    """Has the service choose the model, and keeps its choice for as long as it holds.

    `authorized` makes a request with the credential; `send` returns who makes an attempt with the
    headers of a session.
    """

    def __init__(
        self,
        client: httpx.Client,
        authorized: Callable[[Callable[[str, Mapping[str, str]], Session]], Session],
        send: Callable[[Request, Mapping[str, str]], Sender],
        *,
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._authorized = authorized
        self._send = send
        self._now = now
        self._session: Session | None = None

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer, after a `Switched` that names the model.

        Raises `ModelUnavailable` where the service does not choose, else as an engine does.
        """
        renewed, told = False, ""
        while True:
            session = self._current()
            if session.model != told:
                told = session.model
                yield Switched("direct", told, f"auto: the service chose {told}")
            chosen = request._replace(model=session.model)
            sender = self._send(chosen, {HEADER: session.token.reveal()})
            try:
                with closing(sender.answer()) as events:
                    yield from events
            except CopilotChatError:
                # It comes in place of the first event: nothing was shown yet.
                if renewed or not sender.stale:
                    raise
                renewed, self._session = True, None
            else:
                return

    def _current(self) -> Session:
        if self._session is None or self._now() >= self._session.until - _MARGIN:
            self._session = self._authorized(self._open)
        return self._session

    def _open(self, api: str, headers: Mapping[str, str]) -> Session:
        url = f"{api}/models/session"
        asked = {"auto_mode": {"model_hints": ["auto"]}}
        sent = {"X-GitHub-Api-Version": VERSION, **headers, "Accept": "application/json"}
        body = bytearray()
        with (
            outages(url),
            self._client.stream("POST", url, headers=sent, json=asked) as response,
        ):
            if not response.is_success:
                raise _refused(failure(refusal_of(response, self._now())), response.status_code)
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BODY:
                    break
        return _read(bytes(body), self._now())


def is_stale_session(refused: StaleToken) -> bool:
    """Say whether a 401 is about the session of `auto` and not about the credential."""
    return refused.refusal is not None and "auto-mode" in refused.refusal.text.lower()


def _refused(refused: Failure, status: int) -> Failure:
    """Return the failure of a session; where the service has none it is the model that is amiss."""
    if status not in _NOT_OFFERED:
        return refused
    text = safe_line(refused.refusal.text, SHOWN) if refused.refusal else ""
    said = f": {text}" if text else ""
    return Failure(
        ModelUnavailable(
            f"the service does not choose a model for you{said}",
            hint="name one with -m: `copilot-chat models` lists them",
        )
    )


def _sendable(token: str) -> bool:
    return token.isascii() and token.isprintable() and bool(token.strip())


def _read(body: bytes, now: float) -> Session:
    fields = parsed(body.decode("utf-8", "replace"))
    listed = fields.get("available_models")
    models = [fields.get("selected_model"), *(listed if isinstance(listed, list) else [])]
    model = next((each for each in models if isinstance(each, str) and each), None)
    token, until = fields.get("session_token"), fields.get("expires_at", 0)
    if model is None or not isinstance(token, str) or not _sendable(token):
        raise Failure(ServiceError("the reply to a request for auto names no model or no session"))
    # A clock that is wrong may put the end anywhere: then the 401 says when it is over.
    told = isinstance(until, int | float) and now < until < now + 24 * _HOUR
    return Session(model, Secret(token), float(until) if told else now + _HOUR)
