"""One HTTP engine for every provider: a request goes out, events come back.

It knows status codes, bytes and deadlines, and neither tokens nor hosts: those arrive with each
call. It makes one attempt; trying again is `resilience.py`.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Self

import httpx

from copilot_cli.engines.quota_headers import read_snapshots
from copilot_cli.engines.statuses import BACKOFF, NEVER, ONCE, Failure, Retry, read_refusal
from copilot_cli.engines.statuses import failure as failure_of
from copilot_cli.errors import CopilotChatError, ServiceError
from copilot_cli.messages import End, Event, Reasoning, Started, Text
from copilot_cli.network import CONNECT_TIMEOUT, is_unknown_host, translate
from copilot_cli.retry_after import delay_asked
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line
from copilot_cli.wires.chat import StreamFault
from copilot_cli.wires.sse import JSONEvents, MalformedStream, SSEDecoder

MAX_BODY = 32 * 1024 * 1024
"""The most bytes of one answer; a server that sends more is broken or hostile."""

MAX_ERROR_BODY = 64 * 1024

AFTER_DONE = 0.25
"""Seconds to wait for the end of the body once `[DONE]` has come."""

AFTER_FINISH = 5.0
"""Seconds to wait for the usage once the finish reason has come."""


class Decoder(Protocol):
    """What a wire's decoder offers."""

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come."""

    @property
    def silent_progress(self) -> int:
        """How many pieces came that are no event yet: of tool calls, of sealed reasoning."""

    def feed(self, data: Mapping[str, Any]) -> Iterable[Event]:
        """Return what one JSON object adds."""

    def finish(self) -> Iterable[Event]:
        """Return what is known at the end: tool calls, usage, `End`."""


class Call(NamedTuple):
    """Where a request goes, and how: `headers` hold the credential, `body` is JSON."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    stream: bool


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

    def attempt(self, call: Call, decoder: Decoder) -> Iterator[Event]:
        """Yield the events of one answer; the last is `End`.

        Raises `Failure` for a refusal, a broken connection and a fault reported in the stream.
        """
        timeout = httpx.Timeout(self._idle, connect=min(CONNECT_TIMEOUT, self._idle))
        accept = "text/event-stream" if call.stream else "application/json"
        started = False
        try:
            with self._client.stream(
                "POST",
                call.url,
                content=call.body,
                headers={**call.headers, "Content-Type": "application/json", "Accept": accept},
                timeout=timeout,
            ) as response:
                started = True
                self._check_status(response)
                yield _started(response)
                yield from self._read(response, decoder)
        except httpx.HTTPError as error:
            yield from _broken(error, call.url, decoder, started=started)

    def _check_status(self, response: httpx.Response) -> None:
        if response.status_code == 200:
            return
        headers = response.headers
        location = headers.get("location", "") if 300 <= response.status_code < 400 else ""
        body = location.partition("?")[0].encode() or _read_capped(response)
        raise failure_of(
            read_refusal(
                response.status_code,
                body,
                after=delay_asked(headers, headers.get_list("retry-after"), self._now()),
                request_id=_request_id(headers),
                limited=headers.get("x-ratelimit-remaining", "").strip() == "0",
            )
        )

    def _read(self, response: httpx.Response, decoder: Decoder) -> Iterator[Event]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            yield from _whole(response, decoder)
            return
        if kind not in {"text/event-stream", "", "text/plain", "application/octet-stream"}:
            raise _not_an_answer(kind)
        yield from self._stream(response, decoder, kind)

    def _stream(self, response: httpx.Response, decoder: Decoder, kind: str) -> Iterator[Event]:
        sse, values = SSEDecoder(), JSONEvents()
        progress, pieces, size = self._monotonic(), 0, 0
        with _HangUp(response) as hang_up:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_BODY:
                    raise Failure(CopilotChatError("the answer is larger than 32 MiB; stopped"))
                moved = False
                if not values.done:
                    for event in _together(_decode(sse.feed(chunk), values, decoder)):
                        moved = True
                        yield event
                now = self._monotonic()
                if moved or decoder.silent_progress != pieces:
                    progress, pieces = now, decoder.silent_progress
                if values.done or decoder.finished:
                    hang_up.after(AFTER_DONE if values.done else AFTER_FINISH)
                elif now - progress > self._idle:
                    yield from _stalled(decoder, self._idle)
                    return
        if not values.done:
            yield from _together(_decode(sse.flush(), values, decoder, last=True))
        if not values.parsed and not values.done:
            raise _not_an_answer(kind or "an empty body", empty=size == 0)
        yield from decoder.finish()


class _HangUp:
    """Ends a connection that stays open after the answer is over.

    Reading on to the end of the body is what lets the connection be used again, and what brings the
    usage; but a server that never ends it must not keep the person waiting.
    """

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._timer: threading.Timer | None = None
        self._seconds = 0.0

    def after(self, seconds: float) -> None:
        """Hang up in `seconds` from now, unless that was said before."""
        if self._timer is not None and self._seconds <= seconds:
            return
        self._cancel()
        self._seconds = seconds
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True
        self._timer.start()

    def _shut_down(self) -> None:
        stream = self._response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream is not None else None
        if connection is not None:
            # A socket that is closed already is what was wanted.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._cancel()


def _decode(
    payloads: Iterator[bytes], values: JSONEvents, decoder: Decoder, *, last: bool = False
) -> Iterator[Event]:
    try:
        for payload in payloads:
            value = values.parse(payload)
            if value is not None:
                yield from decoder.feed(value)
            if values.done:
                return
        if last:
            values.end()
    except MalformedStream as error:
        raise Failure(ServiceError(f"not a Copilot answer: {error}")) from error
    except StreamFault as fault:
        raise _fault_failure(fault) from fault


def _together(events: Iterable[Event]) -> Iterator[Event]:
    """Join pieces of text that arrived together: a thousand of them are one write, not a thousand.

    A surrogate pair that was cut between two pieces becomes its character again.
    """
    held: list[str] = []
    kind: type[Text] | type[Reasoning] = Text
    for event in events:
        if isinstance(event, Text | Reasoning):
            if held and not isinstance(event, kind):
                yield kind(_join(held))
                held.clear()
            kind = type(event)
            held.append(event.text)
            continue
        if held:
            yield kind(_join(held))
            held.clear()
        yield event
    if held:
        yield kind(_join(held))


def _join(pieces: list[str]) -> str:
    text = "".join(pieces)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _whole(response: httpx.Response, decoder: Decoder) -> Iterator[Event]:
    """A model that cannot stream answers a streaming request with plain JSON."""
    import json

    body = _read_capped(response, MAX_BODY)
    try:
        data = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise _not_an_answer("JSON that does not parse") from error
    if not isinstance(data, dict):
        raise _not_an_answer("JSON of another shape")
    try:
        yield from _together(decoder.feed(data))
    except StreamFault as fault:
        raise _fault_failure(fault) from fault
    yield from decoder.finish()


def _fault_failure(fault: StreamFault) -> Failure:
    """A failure inside a reply of status 200: by its code, else the service's own fault."""
    refusal = read_refusal(200, b"")._replace(code=fault.code, text=redact(fault.message))
    known = failure_of(refusal)
    if type(known.error) is not CopilotChatError:
        return known
    text = safe_line(redact(fault.message), 200)
    return Failure(ServiceError(f"the service reported a failure: {text}"), BACKOFF)


def _broken(
    error: httpx.HTTPError, url: str, decoder: Decoder, *, started: bool
) -> Iterator[Event]:
    if decoder.finished:
        # The answer was whole; only what would have come after it (usage, [DONE]) is lost.
        yield from decoder.finish()
        return
    raise Failure(translate(error, url=url), _retry_of(error, started=started)) from error


def _retry_of(error: httpx.HTTPError, *, started: bool) -> Retry:
    from ssl import SSLError

    from copilot_cli.network import causes

    if isinstance(error, httpx.ConnectError):
        if any(isinstance(cause, SSLError) for cause in causes(error)):
            return NEVER
        return Retry(1, pause=1.0) if is_unknown_host(error) else BACKOFF
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return BACKOFF
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol):
        return NEVER
    # The service may have taken the request: once more, no oftener. A stream that broke before its
    # first visible word (`started`) has cost nothing that can be seen.
    return BACKOFF if started and not isinstance(error, httpx.ReadTimeout) else ONCE


def _stalled(decoder: Decoder, idle: float) -> Iterator[Event]:
    """End a silent answer: what came before is kept, usage included."""
    for event in decoder.finish():
        if isinstance(event, End):
            yield End("stalled", complete=False, detail=f"nothing came for {idle:g} seconds")
        else:
            yield event


def _started(response: httpx.Response) -> Started:
    return Started(
        model=None,
        request_id=_request_id(response.headers),
        quotas=tuple(read_snapshots(response.headers)),
    )


def _request_id(headers: Mapping[str, str]) -> str | None:
    for name in ("x-request-id", "x-github-request-id", "x-copilot-service-request-id"):
        if headers.get(name):
            return str(safe_line(headers[name], 64))
    return None


def _read_capped(response: httpx.Response, limit: int = MAX_ERROR_BODY) -> bytes:
    """Return the body, at most `limit` bytes of it: an endless error page is not waited for."""
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= limit:
                break
    except httpx.HTTPError:
        if limit == MAX_BODY:
            raise
        # Of a refusal, what came is enough to say what it was.
    return bytes(body[:limit])


def _not_an_answer(kind: str, *, empty: bool = False) -> Failure:
    if empty:
        return Failure(ServiceError("the service sent an empty reply"), BACKOFF)
    return Failure(
        ServiceError(
            f"not a Copilot answer: the reply is {safe_line(kind, 60)}",
            hint="a login page of the network, or a proxy, may have answered in its place",
        )
    )
