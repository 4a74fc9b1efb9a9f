"""The runtime's requests of the model: sent by us, with our transcript, our key and our deadlines.

The runtime asks through the SDK's request handler, on the event loop; each request runs in a thread
of its own with the program's one HTTP client, so that proxies, trust and time-outs are those of
every engine. Rule: an attempt has one request. The runtime would repeat what failed, with its own
idea of when: it gets a refusal instead, that it takes for final.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing, suppress
from typing import Any

import httpx

from copilot_cli.engines.answering import Sender
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.hang_up import HangUp
from copilot_cli.engines.http import Call, HTTPEngine
from copilot_cli.engines.official.attempt import Asked, Attempt, Heard
from copilot_cli.engines.official.rewriting import headers_of, rewritten, wire_at
from copilot_cli.errors import CopilotChatError, ModelUnavailable
from copilot_cli.messages import AUTO, Event, Notice, Reasoning, Started, Text
from copilot_cli.wires.stream import Decoder
from copilot_cli.wires.table import Wire

_log = logging.getLogger(__name__)

_FINAL = 400
"""The status that the runtime does not try again (tried: it does 401, 409, 429 and 5xx)."""

_TOGETHER = 0.05
"""Seconds whose pieces of a reply are handed to the runtime together."""

_ENDED_BY_US = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})


class ModelRequests:
    """Sends what the runtime asks; knows which attempt each session's request belongs to.

    `upstream` knows the address and the key of an endpoint; without it requests go where the
    runtime sends them, with its headers: to Copilot's API.
    """

    def __init__(
        self,
        client: httpx.Client,
        http: HTTPEngine,
        upstream: Sender | None,
        at_home: Callable[[httpx.URL], httpx.URL] = lambda url: url,
    ) -> None:
        self._client = client
        self._http = http
        self._upstream = upstream
        self._at_home = at_home
        self._attempts: dict[str, Attempt] = {}
        self._waiting: dict[str, _Turnstile] = {}

    def expect(self, session_id: str, attempt: Attempt) -> None:
        """Have the next request of the session be that of `attempt`."""
        self._attempts[session_id] = attempt
        self._open(session_id)

    def forget(self, session_id: str) -> None:
        """Let no request of the session through any more."""
        self._attempts.pop(session_id, None)
        self._open(session_id)

    def _open(self, session_id: str) -> None:
        turnstile = self._waiting.pop(session_id, None)
        if turnstile is not None:
            turnstile.open()

    async def send(self, request: httpx.Request, session_id: str | None) -> httpx.Response:
        """Send `request` and return the reply, whose body comes as it is read."""
        wire = wire_at(request.url.path) if request.method == "POST" else None
        if wire is None:
            return await self._pass_on(request)
        attempt = await self._turn(session_id or "")
        if attempt is None:
            return _refusal("nobody waits for an answer in this session")
        attempt.asked = True
        try:
            call, decoder = self._call(wire, request, attempt)
        except CopilotChatError as error:
            attempt.put(Heard(failure=Failure(error)))
            return _refusal(error.message)
        attempt.put(Asked())
        relay = Relay(asyncio.get_running_loop())
        attempt.on_close(relay.hang_up)
        _run(lambda: self._converse(call, decoder, attempt, relay))
        return await relay.head

    async def _turn(self, session_id: str) -> Attempt | None:
        """Return the attempt that the session's next request belongs to; None if there is none.

        A second request of one attempt waits. The runtime may answer some calls by itself, and ask
        again before their results are in the transcript; or it asks for a reply anew.
        """
        while (attempt := self._attempts.get(session_id)) is not None and attempt.asked:
            turnstile = self._waiting.setdefault(session_id, _Turnstile())
            if self._attempts.get(session_id) is attempt:  # nobody came by in between
                await turnstile.passed
        return attempt

    def _call(self, wire: Wire, request: httpx.Request, attempt: Attempt) -> tuple[Call, Decoder]:
        form, theirs = attempt.form, _object(request.content)
        asked = form.request
        form.path = wire.path
        body = rewritten(theirs, form.body())
        if asked.model not in {body["model"], AUTO}:
            # It would answer with a model of its own choice, and say nothing of it.
            raise ModelUnavailable(
                f"GitHub's runtime does not have the model {asked.model}",
                hint="`copilot-chat models` lists those that there are",
            )
        if self._upstream is not None:
            address = self._upstream.address(wire, asked)
            url, headers = address.url, {**wire.headers, **address.headers}
        else:
            url = str(self._at_home(request.url))
            headers = headers_of(request.headers, asked)
        call = Call(url, headers, json.dumps(body).encode(), body["stream"])
        return call, wire.decoder(asked)

    def _converse(self, call: Call, decoder: Decoder, attempt: Attempt, relay: "Relay") -> None:
        """Run one request to its end: bytes to the runtime, what they mean to the attempt."""
        heard = _Hearing(attempt)
        try:
            with closing(self._http.attempt(call, decoder, relay)) as events:
                for event in events:
                    if attempt.over:
                        break
                    heard.note(event)
            heard.end()
        except Failure as failure:
            heard.end(failure)
        except CopilotChatError as error:
            heard.end(Failure(error))
        except Exception as error:  # noqa: BLE001 - what a thread raises nobody would hear
            _log.debug("a reply that cannot be read", exc_info=error)
            kind = type(error).__name__
            heard.end(Failure(CopilotChatError(f"the reply cannot be read ({kind})")))
        finally:
            relay.end(broken=heard.broken)

    async def _pass_on(self, request: httpx.Request) -> httpx.Response:
        """Answer what is no request of a model: the list of models, and what else it may ask."""
        if self._upstream is not None:
            return httpx.Response(404)  # an endpoint of one's own is asked nothing but to answer
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[httpx.Response] = loop.create_future()

        def ask() -> None:
            try:
                left_out = {"accept-encoding", "host"}  # set again for where it goes
                headers = {k: v for k, v in request.headers.items() if k not in left_out}
                url = self._at_home(request.url)
                found = self._client.request(
                    request.method, url, headers=headers, content=request.content
                )
                answer = httpx.Response(
                    found.status_code, headers=_headers(found), content=found.content
                )
            except Exception as error:  # noqa: BLE001 - the runtime would wait for ever
                _log.debug("a request that was not passed on", exc_info=error)
                answer = httpx.Response(502)
            _tell(loop, _give, reply, answer)

        _run(ask)
        return await reply


class _Turnstile:
    """What a request waits at; made on the event loop, opened from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.passed: asyncio.Future[None] = self._loop.create_future()

    def open(self) -> None:
        _tell(self._loop, self._pass)

    def _pass(self) -> None:
        if not self.passed.done():
            self.passed.set_result(None)


class _Hearing:
    """Hands on what the model says as it comes, and at the end the rest."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._events: list[Event] = []
        self.broken = True
        """Whether the reply did not end as replies do."""

    def note(self, event: Event) -> None:
        if isinstance(event, Started | Text | Reasoning | Notice):
            self._attempt.put(event)
        else:
            self._events.append(event)

    def end(self, failure: Failure | None = None) -> None:
        end = self._events[-1] if self._events else None
        self.broken = failure is not None or getattr(end, "reason", "cut") in {"cut", "stalled"}
        self._attempt.put(Heard(tuple(self._events), failure))


class Relay(httpx.AsyncByteStream):
    """A reply that one thread reads and the event loop hands to the runtime, piece by piece.

    The runtime acknowledges each piece, and nobody reads along there: what comes within a
    twentieth of a second is one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.head: asyncio.Future[httpx.Response] = loop.create_future()
        """The reply, once its head has come."""
        self._loop = loop
        self._come: deque[bytes] = deque()
        self._due = False
        self._pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._response: httpx.Response | None = None

    # The thread's side

    def begin(self, response: httpx.Response) -> None:
        """Take the head of the reply."""
        self._response = response
        head = httpx.Response(response.status_code, headers=_headers(response), stream=self)
        _tell(self._loop, _give, self.head, head)

    def chunk(self, data: bytes) -> None:
        """Take the next piece of its body."""
        self._come.append(data)
        if not self._due:
            self._due = True
            _tell(self._loop, self._loop.call_later, _TOGETHER, self._hand_on)

    def end(self, *, broken: bool) -> None:
        """Take its end; one that is `broken` is a broken connection to the runtime."""
        _tell(self._loop, _give, self.head, _refusal("the model was not asked again"))
        _tell(self._loop, self._hand_on)
        last = httpx.ReadError("the reply broke off") if broken else None
        _tell(self._loop, self._pieces.put_nowait, last)

    def hang_up(self) -> None:
        """End the reply before its end; where its head has not come, its thread does that."""
        if self._response is not None:
            HangUp(self._response).now()

    # The event loop's side

    def _hand_on(self) -> None:
        self._due = False  # before it is emptied: what comes from now on is handed on again
        pieces = [self._come.popleft() for _ in range(len(self._come))]
        if pieces:
            self._pieces.put_nowait(b"".join(pieces))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def _run(work: Callable[[], None]) -> None:
    """Run `work` in a thread that keeps no process from its end."""
    threading.Thread(target=work, name="copilot-chat model request", daemon=True).start()


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *given: object) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody listens any more
        loop.call_soon_threadsafe(call, *given)


def _give(future: "asyncio.Future[httpx.Response]", response: httpx.Response) -> None:
    if not future.done():
        future.set_result(response)


def _refusal(why: str) -> httpx.Response:
    return httpx.Response(_FINAL, json={"error": {"message": why, "code": "not_asked"}})


def _headers(response: httpx.Response) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in response.headers.multi_items()
        if name.lower() not in _ENDED_BY_US
    ]


def _object(body: bytes) -> Mapping[str, Any]:
    found = json.loads(body or b"{}")
    return found if isinstance(found, dict) else {}
