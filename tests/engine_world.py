"""What the tests of engines stand on: scripted replies, a clock that is told, a lease to watch."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import httpx

from copilot_cli.auth.exchange import exchange
from copilot_cli.engines.direct import DirectEngine
from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.engines.resilience import Retrying
from copilot_cli.identity import exchange_headers
from copilot_cli.messages import Event, Request, Text, message
from copilot_cli.network import build_client
from copilot_cli.secret import Secret
from copilot_cli.simulator import Simulator

NOW = 1_760_000_000.0
API = "https://api.individual.githubcopilot.com"
TOKEN = "tid=madeUpForTests;exp=1760001800:0123456789abcdef"  # made up
BODY = b'{"model":"m"}'
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
STREAM = {"content-type": "text/event-stream"}


def text_event(text: str) -> bytes:
    """Return one event of a stream that adds `text`."""
    return b"data: %s\n\n" % json.dumps({"choices": [{"delta": {"content": text}}]}).encode()


class Clock:
    """A clock that only moves when it is told to; `waits` are the seconds that were slept."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Body(httpx.SyncByteStream):
    """A body of pieces; one that is an exception is raised, one that is callable is called."""

    def __init__(self, pieces: Iterable[bytes | Exception | Callable[[], object]]) -> None:
        self._pieces = pieces
        self.closed = False
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, bytes):
                self.read += len(piece)
                yield piece
            else:
                piece()

    def close(self) -> None:
        self.closed = True


Scripted = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Replies(httpx.BaseTransport):
    """Gives the scripted replies one after the other, and keeps what it was asked."""

    def __init__(self, *replies: Scripted) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def unused(self) -> int:
        """How many of the replies nobody asked for."""
        return len(self._replies)


def stream(*pieces: bytes | Exception | Callable[[], object], **headers: str) -> httpx.Response:
    """Return a streamed reply of status 200."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers={**STREAM, **given}, stream=Body(pieces))


def answer(text: str) -> httpx.Response:
    """Return a whole streamed answer."""
    return stream(text_event(text), STOP, DONE)


class Token(NamedTuple):
    """A Copilot token, as the lease hands it out."""

    token: Secret
    api: str = API
    bearer: bool = False


class Lease:
    """A lease that hands out made-up tokens, a new one after each `invalidate`."""

    def __init__(self, *tokens: Token) -> None:
        self._tokens = list(tokens) or [Token(Secret(f"{TOKEN}{n}")) for n in range(9)]
        self.invalidated: list[object] = []
        self.misdirected: list[bool] = []

    def get(self) -> Token:
        return self._tokens[0]

    def invalidate(self, token: object, *, misdirected: bool = False) -> bool:
        self.invalidated.append(token)
        self.misdirected.append(misdirected)
        self._tokens.pop(0)
        return bool(self._tokens)


class SimulatedLease:
    """A lease on a token that the simulator exchanges."""

    def __init__(self, client: httpx.Client, simulator: Simulator) -> None:
        self._client = client
        self._github = Secret(simulator.sign_in())
        self._token: Any = None

    def get(self) -> Any:
        if self._token is None:
            headers = exchange_headers({}, {})
            self._token = exchange(
                self._client,
                "https://api.github.com",
                self._github,
                now=lambda: NOW,
                headers=headers,
            )
        return self._token

    def invalidate(self, token: object, **_: object) -> bool:
        assert token is self._token
        self._token = None
        return True


def http_engine(transport: httpx.BaseTransport, clock: Clock, idle: float = 300) -> HTTPEngine:
    """Return the HTTP engine on a transport of a test."""
    client = build_client({}, transport=transport, user_agent="tests")
    return HTTPEngine(client, timeout_idle=idle, monotonic=clock.monotonic, now=lambda: NOW)


def call(*, stream: bool = True, headers: dict[str, str] | None = None) -> Call:
    """Return a call with a credential."""
    return Call(
        f"{API}/chat/completions", headers or {"Authorization": f"Bearer {TOKEN}"}, BODY, stream
    )


def direct_engine(
    transport: httpx.BaseTransport,
    *,
    lease: Any = None,
    clock: Clock | None = None,
    retries: int = 3,
    identity: dict[str, str] | None = None,
    **options: Any,
) -> DirectEngine:
    """Return the engine `direct` on a transport of a test; `options` as of `DirectEngine`."""
    headers = exchange_headers({}, {}) if identity is None else identity
    clock = clock or Clock()
    client = build_client({}, transport=transport, user_agent="tests")
    http = HTTPEngine(client, timeout_idle=300, monotonic=clock.monotonic, now=lambda: NOW)
    return DirectEngine(
        client,
        lease or Lease(),
        lambda _: headers,
        http,
        retrying=Retrying(retries, clock.sleep, lambda seconds: f"{seconds:g} s from now"),
        now=lambda: NOW,
        **options,
    )


def simulated_engine(simulator: Simulator, clock: Clock | None = None) -> DirectEngine:
    """Return the engine `direct` on the simulator's transport, signed in."""
    transport = simulator.transport()
    client = build_client({}, transport=transport, user_agent="tests")
    return direct_engine(transport, lease=SimulatedLease(client, simulator), clock=clock)


def ask(text: str = "Hi", model: str = "m") -> Request:
    """Return a request of one question."""
    return Request(model, [message("user", text)], request_id="made-up-request-id")


def text_of(events: Sequence[Event]) -> str:
    """Return the text that `events` hold."""
    return "".join(event.text for event in events if isinstance(event, Text))
