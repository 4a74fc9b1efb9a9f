"""What a web server sent, as a text or an image: its bytes, its compression, its type.

Rule: no more than `LARGEST` is ever held, however small it was on the wire, and nothing is read but
texts and the images that models take. HTML becomes readable text.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx

from copilot_cli.charsets import decoded
from copilot_cli.errors import ServiceError, UsageError
from copilot_cli.html_text import read_page
from copilot_cli.image_types import TYPES, image_type
from copilot_cli.ui.safe import safe_line

LARGEST = 5 * 1024 * 1024
"""The most bytes of a page, decompressed."""

_HTML = ("text/html", "application/xhtml+xml")
_TEXTS = frozenset({"json", "xml", "javascript", "ecmascript", "x-javascript", "yaml", "x-yaml"})
_TEXTS |= {"toml", "sql", "x-sh", "x-ndjson", "jsonl", "x-httpd-php", "rtf", "x-tex", "graphql"}


class Fetched(NamedTuple):
    """What was found, and where: `url` is that after the redirects, without its fragment.

    Of a text `text` is what is to be read, of an image `data` its bytes; the other is empty.
    """

    url: str
    media_type: str
    text: str = ""
    data: bytes = b""


class Reply(NamedTuple):
    """A whole reply."""

    status: int
    headers: httpx.Headers
    body: bytes


def read_body(response: httpx.Response, host: str, proceed: Callable[[], object]) -> bytes:
    """Return the body of `response`, decompressed.

    `proceed` is called now and then, and may raise to end the work. Raises `UsageError` for one
    that is too large, `ServiceError` for one that cannot be decompressed, httpx's errors otherwise.
    """
    assert isinstance(response.stream, httpx.SyncByteStream)
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > LARGEST:
        raise _too_large(host)
    body = bytearray()
    for piece in _inflated(response.stream, response.headers.get("Content-Encoding", ""), host):
        proceed()
        body += piece
        if len(body) > LARGEST:
            raise _too_large(host)
    return bytes(body)


def read_reply(where: str, host: str, reply: Reply, proceed: Callable[[], object]) -> Fetched:
    """Return what `reply` holds, found at the address `where`. Raises `UsageError`."""
    given, _, parameters = reply.headers.get("Content-Type", "").partition(";")
    media_type = given.strip().lower()
    if found := image_type(reply.body):
        return Fetched(where, found, data=reply.body)
    if not _is_text(media_type) or (not media_type and b"\0" in reply.body[:4096]):
        raise _no_text(host, safe_line(media_type, 60) if media_type else "no text")
    is_html = media_type in _HTML or _begins_html(media_type, reply.body)
    text = decoded(reply.body, _charset(parameters), html=is_html)
    if "\0" in text:
        raise _no_text(host, f"binary data as {safe_line(media_type, 60)}")
    if not is_html:
        return Fetched(where, media_type or "text/plain", text)
    page = read_page(text, where, proceed)
    heading = f"# {page.title}\n\n" if page.title else ""
    repeated = bool(heading) and page.text.startswith(heading.strip())
    return Fetched(where, "text/html", page.text if repeated else heading + page.text)


def _inflated(pieces: httpx.SyncByteStream, coding: str, host: str) -> Iterator[bytes]:
    """Yield the body decompressed, never much more at once than is allowed in all.

    `identity` was asked for; some servers compress all the same, and a few bytes may be gigabytes.
    """
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        yield from pieces
        return
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise ServiceError(f"{host} compressed its reply with {safe_line(coding, 30)}, unasked")
    inflater = zlib.decompressobj(47)  # gzip or zlib, by what its head says
    try:
        for piece in pieces:
            yield inflater.decompress(piece, LARGEST + 1)
            if inflater.unconsumed_tail:
                raise _too_large(host)
    except zlib.error as error:
        raise ServiceError(f"the reply of {host} cannot be decompressed") from error
    if not inflater.eof:
        raise ServiceError(f"the reply of {host} was cut")


def _is_text(media_type: str) -> bool:
    kind, _, name = media_type.partition("/")
    if kind == "application":
        return name in _TEXTS or name.endswith(("+json", "+xml", "+yaml"))
    return kind in {"text", ""} or media_type == "image/svg+xml"


def _begins_html(media_type: str, body: bytes) -> bool:
    begins = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return not media_type and begins.startswith((b"<!doctype html", b"<html"))


def _charset(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return None


def _no_text(host: str, what: str) -> UsageError:
    return UsageError(
        f"{host} sent {what}, which is not read",
        hint=f"texts are, and images: {', '.join(each[6:].upper() for each in TYPES)}",
    )


def _too_large(host: str) -> UsageError:
    return UsageError(f"what {host} sends is larger than {LARGEST // 1024 // 1024} MiB")
