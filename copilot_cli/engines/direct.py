"""The engine `direct`: Copilot's HTTP API with the exchanged token, or the GitHub token as bearer.

It joins what the lease gives (token, host and mode, always of one sign-in) and the headers of that
mode, and owns what only another credential can mend: a 401, or a 421, whose cure is another host,
has the lease find it, and the same request is sent again, once in its life. Which wire, what is
left out and every other repetition is `answering.py`.
"""

from collections.abc import Callable, Generator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpx

from copilot_cli.engines.answering import Address, Answering, WireMemory
from copilot_cli.engines.failure import Failure, Misdirected, StaleToken
from copilot_cli.engines.http import HTTPEngine
from copilot_cli.engines.model_list import fetch_models
from copilot_cli.engines.resilience import Retrying
from copilot_cli.errors import ModelUnavailable, QuotaError, SignInError
from copilot_cli.messages import AUTO, Event, ImagePart, ModelInfo, Request
from copilot_cli.secret import Secret
from copilot_cli.values import NamedTuple
from copilot_cli.wires.table import Wire

if TYPE_CHECKING:
    from copilot_cli.engines.auto import Auto

_T = TypeVar("_T")


class Token(Protocol):
    """What the lease hands out: a bearer and the host it is for."""

    @property
    def token(self) -> Secret:
        """The Copilot token, or in bearer mode the GitHub token."""

    @property
    def api(self) -> str:
        """The base URL that takes it, without a slash at its end."""

    @property
    def bearer(self) -> bool:
        """Whether it is the GitHub token itself."""


class Lease(Protocol):
    """Who keeps the credential: `get` one that is valid, `invalidate` one that was refused."""

    def get(self) -> Token:
        """Return a token that is valid now."""

    def invalidate(self, token: Any, *, misdirected: bool = False) -> bool:
        """Give up `token`, or only its host where `misdirected`, unless that was done already.

        Returns whether `get` may give something else now.
        """


class DirectEngine:
    """Answers turns, and lists models, over Copilot's own API."""

    name = "direct"

    def __init__(
        self,
        client: httpx.Client,
        lease: Lease,
        identity: Callable[[Token | None], Mapping[str, str]],
        http: HTTPEngine,
        *,
        retrying: Retrying,
        now: Callable[[], float],
        find: Callable[[str], ModelInfo | None] = lambda _: None,
        memory: WireMemory | None = None,
        remedy: str | None = None,
        refused: Callable[[str], None] = lambda _: None,
        resets: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`identity` returns the headers of a token's mode, None: of the mode that is likely.

        `find` returns what is known of a model, and sends nothing; `memory` see `answering.py`.
        `remedy` is what helps where the GitHub token is refused, None: to sign in again; `refused`
        hears of a model that is not available. `resets` finds the day on which a used-up quota
        starts anew, None where that cannot be learned.
        """
        self._client = client
        self._lease = lease
        self._identity = identity
        self._retrying = retrying
        self._now = now
        self._remedy = remedy
        self._refused = refused
        self._resets = resets
        self._answering = Answering(
            http,
            retrying=retrying,
            find=find,
            memory=memory,
            explain=self._explained,
        )

    def answer(self, request: Request) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises a `CopilotChatError` where nothing was shown and nothing more is to be tried.
        """
        if request.model == AUTO:
            return self._auto.answer(request)
        return self._heeding(request)

    def _heeding(self, request: Request) -> Generator[Event]:
        try:
            yield from self._answering.answer(request, _Credential(self._lease, self._identity))
        except ModelUnavailable:
            self._refused(request.model)
            raise

    @cached_property
    def _auto(self) -> "Auto":
        """Who has the service choose the model."""
        from copilot_cli.engines.auto import Auto

        return Auto(self._client, self.authorized, self._in_session, now=self._now)

    def _in_session(self, request: Request, headers: Mapping[str, str]) -> "_Attempt":
        credential = _Credential(self._lease, self._identity, headers)
        return _Attempt(self._answering.answer(request, credential), credential)

    def dry_run(self, request: Request) -> dict[str, Any]:
        """Return what `answer` would send, without the credential and without sending it."""
        form = self._answering.form(request)
        identity = self._identity(None)
        return {
            "method": "POST",
            "path": form.path,
            "headers": merged(form.wire.headers, _request_headers(request), identity),
            "body": form.body(),
        }

    def models_reply(self) -> dict[str, Any]:
        """Return the live model list as the service sent it. Raises a `CopilotChatError`."""
        return self.authorized(
            lambda api, headers: fetch_models(self._client, api, headers, now=self._now())
        )

    def authorized(self, call: Callable[[str, Mapping[str, str]], _T]) -> _T:
        """Return what `call` returns for the API's base URL and the headers with the credential.

        `call` raises `Failure` and is tried again as an answer is. Raises a `CopilotChatError`.
        """
        credential = _Credential(self._lease, self._identity)

        def attempt() -> _T:
            try:
                return credential.used(call)
            except Failure as failure:
                self._explained(failure)
                raise

        return self._retrying.result(attempt)

    def _explained(self, failure: Failure) -> Failure:
        """Return `failure` with what helps against it, where that is not to sign in again.

        A quota's refusal does not say when it ends (no `x-quota-snapshot-*` on 4xx).
        """
        error = failure.error
        if isinstance(error, QuotaError) and _is_of_plan(failure) and (day := self._resets()):
            error.hint = f"it starts anew on {day}; `copilot-chat usage` shows more"
        if self._remedy and isinstance(error, SignInError) and error.kind != "token_permission":
            error.hint = self._remedy
        return failure


class _Credential:
    """The token of one request, renewed at most once however often the request is sent."""

    def __init__(
        self,
        lease: Lease,
        identity: Callable[[Token | None], Mapping[str, str]],
        session: Mapping[str, str] | None = None,
    ) -> None:
        """`session` are the headers of a session of `auto`."""
        self._lease = lease
        self._identity = identity
        self._session = session or {}
        self._token: Token | None = None
        self._renewed = False
        self.session_refused = False

    def address(self, wire: Wire, request: Request) -> Address:
        token = self._token = self._lease.get()
        headers = merged(
            _request_headers(request), self._identity(token), self._session, _authorization(token)
        )
        return Address(token.api + wire.path, headers)

    def renew(self, stale: StaleToken) -> bool:
        """Give the refused token up; False if that was done before, or is of no use."""
        if self._session and _is_stale_session(stale):
            self.session_refused = True
            return False
        if self._renewed:
            return False
        self._renewed = True
        return self._lease.invalidate(self._token, misdirected=isinstance(stale, Misdirected))

    def used(self, call: Callable[[str, Mapping[str, str]], _T]) -> _T:
        while True:
            token = self._token = self._lease.get()
            try:
                return call(token.api, merged(self._identity(token), _authorization(token)))
            except StaleToken as stale:
                if not self.renew(stale):
                    raise


class _Attempt(NamedTuple):
    """One answer within a session of `auto`."""

    events: Generator[Event]
    credential: _Credential

    @property
    def stale(self) -> bool:
        return self.credential.session_refused

    def answer(self) -> Generator[Event]:
        return self.events


def _is_of_plan(failure: Failure) -> bool:
    """Say whether what is used up starts anew with the plan's month, as far as is known."""
    from copilot_cli.engines.status_table import ANEW

    refusal, error = failure.refusal, failure.error
    if refusal is None or error.retry_after is not None or error.hint != ANEW:
        return False
    return refusal.code.partition(":")[0] != "session_quota_exceeded"


def _is_stale_session(stale: StaleToken) -> bool:
    from copilot_cli.engines.auto import is_stale_session

    return is_stale_session(stale)


def merged(*tables: Mapping[str, str]) -> dict[str, str]:
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
    """Return what every request says of itself, in both modes.

    A tool's result is the program's own word, whoever began the turn: sent as `user` it would be
    billed as another question (gh-aw-firewall#2570).
    """
    follows = bool(request.messages) and request.messages[-1].role == "tool"
    headers = {
        "X-Initiator": "agent" if follows else request.initiator,
        "X-Request-Id": request.request_id,
        "Openai-Intent": "conversation-panel",
    }
    if any(isinstance(part, ImagePart) for each in request.messages for part in each.parts):
        # Missing it is refused, and so is one that is always sent (gptel#877).
        headers["Copilot-Vision-Request"] = "true"
    return headers


def _authorization(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.token.reveal()}"}
