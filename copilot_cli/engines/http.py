"""One HTTP engine for every provider: a request goes out, events come back.

It knows status codes, bytes and deadlines, and neither tokens nor hosts: those arrive with each
call. It makes one attempt; trying again is `resilience.py`.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import httpx

from copilot_cli.engines.failure import BACKOFF, Failure, StaleToken
from copilot_cli.engines.hang_up import HangUp
from copilot_cli.engines.outages import outages
from copilot_cli.engines.quota_headers import read_snapshots
from copilot_cli.engines.refusal import Refusal, credentials, refusal_of, request_id, without
from copilot_cli.engines.statuses import failure
from copilot_cli.errors import CopilotChatError, ServiceError
from copilot_cli.messages import End, Event, Reasoning, Started, Text
from copilot_cli.network import CONNECT_TIMEOUT, translate
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line
from copilot_cli.values import NamedTuple
from copilot_cli.wires.sse import EventTooLarge, MalformedStream
from copilot_cli.wires.stream import Decoder, EventStream, StreamFault, WholeReply

MAX_BODY = 32 * 1024 * 1024
"""The most of one answer; a server that sends more is broken or hostile.

Text counts by its characters, whatever else comes by its bytes: with its filter results a piece of
twenty characters has four hundred bytes, and two megabytes of text are not too long an answer.
"""

AFTER_DONE = 0.25
"""Seconds to wait for the end of the body once `[DONE]` has come."""

AFTER_FINISH = 5.0
"""Seconds to wait for the usage once the finish reason has come."""

_STREAMS = frozenset({"text/event-stream", "text/plain", "application/octet-stream", ""})

_log = logging.getLogger(__name__)


class Call(NamedTuple):
    """Where a request goes, and how: `headers` hold the credential, `body` is JSON."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    stream: bool


class Tap(Protocol):
    """Who gets the body of a reply as well, as it comes."""

    def begin(self, response: httpx.Response) -> None:
        """Take the head of a reply of status 200."""

    def chunk(self, data: bytes) -> None:
        """Take the next piece of its body."""


class HTTPEngine:
    """Makes one attempt at an answer.

    `timeout_idle` is in seconds: as long as that may pass without text, reasoning or a piece of a
    tool call. Comments that only keep the connection alive are no progress. There is no limit on
    the whole.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        timeout_idle: float,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._idle = timeout_idle
        self._monotonic = monotonic
        self._now = now

    def attempt(self, call: Call, decoder: Decoder, tap: Tap | None = None) -> Generator[Event]:
        """Yield the events of one answer; the last is `End`. `tap` gets the same bytes.

        Raises `Failure` for a refusal, for a request that brought no reply, for a reply that is no
        answer, and for a fault reported in the stream. A stream that breaks is an `End`.
        """
        timeout = httpx.Timeout(self._idle, connect=min(CONNECT_TIMEOUT, self._idle))
        with (
            outages(call.url),
            self._client.stream(
                "POST", call.url, content=call.body, headers=_headers(call), timeout=timeout
            ) as response,
        ):
            if response.status_code != 200:
                raise failure(refusal_of(response, self._now(), sent=len(call.body)))
            if tap is not None:
                tap.begin(response)
            yield _started(response)
            hide = credentials(response.request)
            yield from _failing(self._answer(response, decoder, tap), hide)

    def _answer(
        self, response: httpx.Response, decoder: Decoder, tap: Tap | None
    ) -> Iterator[Event]:
        reply = _reply(response, decoder)
        gave_up: End | None = None
        try:
            gave_up = yield from self._pump(response, reply, decoder, tap)
        except httpx.TimeoutException:
            gave_up = self._stalled()
        except httpx.HTTPError as error:
            why = translate(error, url=str(response.url)).message
            gave_up = End("cut", complete=False, detail=why)
        if reply.done:
            # What became of the connection after `[DONE]` says nothing about the answer.
            gave_up = None
        yield from reply.end(cut=gave_up is not None)
        if reply.fault is not None:
            raise reply.fault
        if reply.bad:
            _log.debug("passed over %d values of the stream that are no JSON", reply.bad)
        if reply.empty and gave_up is None:
            raise _not_an_answer(response, bad=reply.bad)
        for event in decoder.finish():
            if isinstance(event, End) and not decoder.finished and gave_up is not None:
                yield gave_up._replace(resend=event.resend)
            else:
                yield event

    def _pump(
        self,
        response: httpx.Response,
        reply: EventStream | WholeReply,
        decoder: Decoder,
        tap: Tap | None,
    ) -> Generator[Event, None, End | None]:
        """Yield what comes until the body ends; return how it was given up, if it was."""
        progress, mark, size = self._monotonic(), reply.mark, 0
        with HangUp(response) as hang_up:
            for chunk in response.iter_bytes():
                if tap is not None:
                    tap.chunk(chunk)
                events = reply.feed(chunk)
                yield from events
                if reply.fault is not None:
                    raise reply.fault
                size += _weight(events, chunk)
                if size > MAX_BODY:
                    raise Failure(CopilotChatError("the answer is larger than 32 MiB; stopped"))
                now = self._monotonic()
                if events or reply.mark != mark:
                    progress, mark = now, reply.mark
                patience = self._patience(reply, decoder)
                if now - progress > patience:
                    return self._stalled()
                if reply.done or decoder.finished:
                    hang_up.after(patience - (now - progress))
        return None

    def _patience(self, reply: EventStream | WholeReply, decoder: Decoder) -> float:
        """Return the seconds without progress after which nothing more is waited for."""
        if reply.done:
            return AFTER_DONE
        return AFTER_FINISH if decoder.finished else self._idle

    def _stalled(self) -> End:
        return End("stalled", complete=False, detail=f"nothing came for {self._idle:g} seconds")


def _weight(events: Sequence[Event], chunk: bytes) -> int:
    """Return what a chunk counts towards the largest answer."""
    texts = [event.text for event in events if isinstance(event, Text | Reasoning)]
    return sum(map(len, texts)) if texts else len(chunk)


def _headers(call: Call) -> httpx.Headers:
    headers = httpx.Headers(dict(call.headers))
    headers["Content-Type"] = "application/json"
    headers["Accept"] = "text/event-stream" if call.stream else "application/json"
    return headers


def _reply(response: httpx.Response, decoder: Decoder) -> EventStream | WholeReply:
    """Return the reader for the kind of body that came, which need not be the kind asked for."""
    kind = _kind(response)
    if kind == "application/json" or kind.endswith("+json"):
        return WholeReply(decoder)
    if kind in _STREAMS:
        return EventStream(decoder)
    raise _not_an_answer(response)


def _kind(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower()


def _failing(events: Iterable[Event], hide: Sequence[str]) -> Iterator[Event]:
    """Yield `events`; what is wrong with them becomes a `Failure` that does not tell `hide`."""
    try:
        yield from events
    except EventTooLarge as error:
        raise Failure(CopilotChatError(f"the answer holds {error}; stopped")) from error
    except MalformedStream as error:
        raise Failure(ServiceError(f"not a Copilot answer: {error}")) from error
    except StreamFault as fault:
        raise _reported(fault, hide) from fault


def _reported(fault: StreamFault, hide: Sequence[str]) -> Failure:
    """Return what a fault inside a reply of status 200 means; its code may be a status."""
    digits = fault.code.isascii() and fault.code.isdigit() and len(fault.code) == 3
    status = int(fault.code) if digits and fault.code[0] in "45" else 200
    _log.debug("a fault in the stream: %s", without(fault.message, hide, MAX_BODY))
    found = failure(Refusal(status, fault.code, without(fault.message, hide)))
    # The token was taken when the stream began: nothing is renewed in the middle of an answer.
    return Failure(found.error, found.retry) if isinstance(found, StaleToken) else found


def _not_an_answer(response: httpx.Response, *, bad: int = 0) -> Failure:
    kind = _kind(response)
    if bad:
        return Failure(ServiceError("not a Copilot answer: what it holds is no JSON"))
    if kind in {"text/event-stream", "application/json"}:
        return Failure(ServiceError("the service sent an empty answer"), BACKOFF)
    shown = safe_line(redact(kind), 60) or "of no known kind"
    return Failure(
        ServiceError(
            f"not a Copilot answer: the reply is {shown}",
            hint="a login page of the network, or a proxy, may have answered in its place",
        )
    )


def _started(response: httpx.Response) -> Started:
    return Started(
        model=None,
        request_id=request_id(response.headers),
        quotas=tuple(read_snapshots(response.headers)),
    )
