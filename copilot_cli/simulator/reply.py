"""What both fronts hand to the state machine and get back: a request, and a reply that may stream.

A streamed body is an iterator of steps: bytes to send, a `Pause`, or `CUT` (the connection breaks
here). Nothing in this file knows a socket, a clock or an HTTP library.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode


class Pause(NamedTuple):
    """Nothing is sent for this many seconds, or until the event is set."""

    until: float | threading.Event


class _Cut:
    """The connection breaks here, in the middle of the body."""


CUT: Final = _Cut()

Step = bytes | Pause | _Cut


class Request(NamedTuple):
    """One HTTP request. Header names are lower case; `host` has no port; `origin` has one."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""
    origin: str = ""

    def json(self) -> Any:
        """The body, decoded; None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def form(self) -> dict[str, str]:
        """The body's fields, from JSON or from a form; {} when it is neither."""
        if "json" in self.headers.get("content-type", ""):
            data = self.json()
            return {k: str(v) for k, v in data.items()} if isinstance(data, dict) else {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


class Reply(NamedTuple):
    """One HTTP reply.

    `delay` is in seconds and comes before the first byte. `drop` closes the connection without a
    reply; `refuse` behaves as if nobody had listened (the loopback front can only close).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Iterator[Step] = b""
    delay: float = 0.0
    drop: bool = False
    refuse: bool = False

    def with_headers(self, extra: Mapping[str, str]) -> Reply:
        """The same reply, with headers that it did not have added."""
        return self._replace(headers={**extra, **self.headers})


JSON_TYPE: Final = "application/json; charset=utf-8"
TEXT_TYPE: Final = "text/plain; charset=utf-8"


def json_reply(data: Any, status: int = 200, content_type: str = JSON_TYPE) -> Reply:
    """A reply whose body is `data` as JSON."""
    return Reply(status, {"content-type": content_type}, json.dumps(data).encode())


def text_reply(text: str, status: int, content_type: str = TEXT_TYPE) -> Reply:
    """A reply of one bare line, as the Copilot host writes many of its refusals."""
    return Reply(status, {"content-type": content_type}, text.encode())


def form_or_json(data: Mapping[str, Any], request: Request, status: int = 200) -> Reply:
    """What github.com's login endpoints answer: JSON for who asks for it, else a form."""
    if "json" in request.headers.get("accept", ""):
        return json_reply(data, status)
    body = urlencode({name: value for name, value in data.items() if value is not None})
    return text_reply(body, status, "application/x-www-form-urlencoded; charset=utf-8")


class Watched:
    """A streamed body that reports when its reader leaves before the end."""

    def __init__(self, steps: Iterator[Step], left: Callable[[], None]) -> None:
        self._steps = steps
        self._left = left
        self._over = False

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        try:
            step = next(self._steps)
        except StopIteration:
            self._over = True
            raise
        if step is CUT:
            self._over = True
        return step

    def close(self) -> None:
        """Say that nobody will read on; called by the fronts in every case."""
        if not self._over:
            self._over = True
            self._left()
