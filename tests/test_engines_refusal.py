"""What a refusal says: bodies of every form, headers, and no credential."""

import json
import logging

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.engines.refusal import MAX_BODY, MAX_TEXT, read_refusal, refusal_of
from tests.engine_world import NOW, TOKEN, Body

BODIES = {
    "error object": ('{"error":{"code":"x","message":"No."}}', ("x", "No.")),
    "type for a code": ('{"error":{"type":"x","message":"No."}}', ("x", "No.")),
    "empty code": ('{"error":{"code":"","type":"x","message":"No."}}', ("x", "No.")),
    "number for a code": ('{"error":{"code":404,"message":"No."}}', ("404", "No.")),
    "message beside the error": ('{"error":{"code":"x"},"message":"No."}', ("x", "No.")),
    "message alone": ('{"message":"No.","documentation_url":"x"}', ("", "No.")),
    "code and message": ('{"code":"x","message":"No."}', ("x", "No.")),
    "text for an error": ('{"error":"No."}', ("", "No.")),
    "OAuth's form": ('{"error":"x","error_description":"No."}', ("", "No.")),
    "null error": ('{"error":null,"message":"No."}', ("", "No.")),
    "wrong types": ('{"error":{"code":[1],"message":{"a":1}}}', ("", "")),
    "another object": ('{"detail":"No."}', ("", "")),
    "a JSON text": ('"No."', ("", '"No."')),
    "plain text": ("unauthorized: token expired\n", ("", "unauthorized: token expired")),
    "the first line of several": ("No.\r\nat line 7\n", ("", "No.")),
    "a page": ("<!DOCTYPE html><title>No.</title>", ("", "")),
    "a page after blanks": ("\n\n <html>", ("", "")),
    "broken JSON": ('{"error":', ("", '{"error":')),
    "nothing": ("", ("", "")),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_says_its_code_and_text(body: str, expected: tuple[str, str]) -> None:
    """JSON whatever its label, else the first line, else nothing."""
    refusal = read_refusal(400, body.encode())
    assert (refusal.code, refusal.text) == expected


@pytest.mark.parametrize(
    "body",
    [
        f"token expired: {TOKEN}",
        json.dumps({"error": {"code": TOKEN, "message": f"refused: Bearer {TOKEN}"}}),
        json.dumps({"message": f"Authorization: Bearer {TOKEN}, sorry"}),
        json.dumps({"error": "x" * (MAX_TEXT - 5) + TOKEN}),
    ],
    ids=["plain", "error", "header", "across the cut"],
)
def test_a_body_that_repeats_the_credential_does_not_tell_it(body: str) -> None:
    """What we sent is taken out by its value, whatever it looks like."""
    text = read_refusal(401, body.encode(), hide=[TOKEN]).text
    assert TOKEN[:20] not in text
    unlike = body.replace(TOKEN, "opaque-made-up-key")
    assert "opaque" not in read_refusal(401, unlike.encode(), hide=["opaque-made-up-key"]).text


def test_a_body_that_holds_another_credential_does_not_tell_it() -> None:
    """What looks like a token is taken out without being known."""
    told = read_refusal(500, b"used ghu_madeUpForTests0000000000000000000000 here").text
    assert told == "used **** here"


def test_a_long_text_is_cut() -> None:
    """A message may be all of the body; nobody reads more than its start."""
    assert len(read_refusal(500, b"x" * 60_000).text) == MAX_TEXT


BODIES_WHOLE = {
    "a long message": json.dumps({"error": {"message": "x" * 50_000}}),
    "fields that nobody knows": '{"message": "no", "help": "https://example.invalid"}',
    "more lines than one": "first\nsecond",
    "a page": "<html>the proxy's own words</html>",
    "a list": "[1, 2]",
}


@pytest.mark.parametrize("body", BODIES_WHOLE.values(), ids=BODIES_WHOLE)
def test_the_log_has_all_of_it(body: str, caplog: pytest.LogCaptureFixture) -> None:
    """What the message leaves out is what -vv is for."""
    caplog.set_level(logging.DEBUG, "copilot_cli")
    read_refusal(500, body.encode())
    assert caplog.messages == [f"the service refused with 500: {body}"]


def test_the_log_has_no_credential_however_it_is_spelt(caplog: pytest.LogCaptureFixture) -> None:
    """An escape in JSON is the same letter."""
    caplog.set_level(logging.DEBUG, "copilot_cli")
    spelt = "".join(f"\\u{ord(letter):04x}" for letter in "opaque-made-up-key")
    read_refusal(401, f'{{"a": "{spelt}"}}'.encode(), hide=iter(["opaque-made-up-key"]))
    read_refusal(401, b"opaque-made-up-key", hide=iter(["opaque-made-up-key"]))
    assert [text.partition(": ")[2] for text in caplog.messages] == ['{"a": "****"}', "****"]


@pytest.mark.parametrize("depth", [900, 2_000, 20_000])
def test_a_body_that_is_nested_deeply(depth: int, caplog: pytest.LogCaptureFixture) -> None:
    """However deep, it ends with a refusal."""
    caplog.set_level(logging.DEBUG, "copilot_cli")
    body = '{"a": ' * depth + "1" + "}" * depth
    assert read_refusal(500, body.encode()).status == 500
    assert len(caplog.messages) == 1


def reply(*pieces: bytes | Exception, status: int = 500, **headers: str) -> httpx.Response:
    """Return a refusal, to a request that held a credential."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx.Request("POST", "https://api.example/x", headers={"x-api-key": TOKEN})
    return httpx.Response(status, headers=given, stream=Body(pieces), request=request)


def test_headers_tell_wait_limit_and_request() -> None:
    """What the body does not say."""
    given = reply(b"No.", retry_after="7", x_ratelimit_remaining="0", x_github_request_id="ABC")
    refusal = refusal_of(given, NOW, sent=12)
    assert (refusal.after, refusal.limited, refusal.request_id) == (7.0, True, "ABC")
    assert (refusal.sent, refusal.text, refusal.target) == (12, "No.", None)


def test_a_limit_with_something_left_is_none() -> None:
    """The reset time comes with every reply of GitHub's."""
    given = reply(status=403, x_ratelimit_remaining="4999", x_ratelimit_reset="1760003600")
    refusal = refusal_of(given, NOW)
    assert (refusal.after, refusal.limited, refusal.request_id) == (None, False, None)


TARGETS = {
    "another host": ("https://login.example/a?token=secret", "login.example"),
    "with a password": ("https://user:secret@login.example/", "login.example"),
    "the same host": ("/login", "api.example"),
    "without a scheme": ("//login.example/", "login.example"),
    "unreadable": ("https://[::1/", None),
    "missing": (None, "api.example"),
}


@pytest.mark.parametrize(("location", "expected"), TARGETS.values(), ids=TARGETS)
def test_a_redirect_tells_its_host_alone(location: str | None, expected: str | None) -> None:
    """Path, query and user may hold a credential."""
    headers = {"location": location} if location is not None else {}
    refusal = refusal_of(reply(b"secret", status=302, **headers), NOW)
    assert (refusal.target, refusal.text) == (expected, "")


def test_a_body_that_never_ends_is_read_no_further_than_its_start() -> None:
    """An endless error page costs 64 KiB."""

    def endless() -> httpx.SyncByteStream:
        return Body(b"x" * 1000 for _ in range(10**9))

    body = endless()
    request = httpx.Request("GET", "https://api.example/")
    refusal = refusal_of(httpx.Response(500, stream=body, request=request), NOW)
    assert len(refusal.text) == MAX_TEXT
    assert isinstance(body, Body)
    assert body.read <= MAX_BODY + 1000


@pytest.mark.parametrize(
    "error", [httpx.ReadError("x"), httpx.RemoteProtocolError("x"), httpx.ReadTimeout("x")]
)
def test_a_body_that_is_cut_says_what_came(error: Exception) -> None:
    """The refusal is known by its status; its text is what there is."""
    assert refusal_of(reply(b"out of ", b"cheese", error), NOW).text == "out of cheese"


def test_the_credential_of_the_request_is_taken_out() -> None:
    """Whichever header it was in."""
    assert TOKEN[:20] not in refusal_of(reply(b"refused " + TOKEN.encode()), NOW).text


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_body_is_a_refusal(body: bytes) -> None:
    """Nothing a server writes raises."""
    refusal = read_refusal(500, body)
    assert "\n" not in refusal.text or body.lstrip().startswith(b"{")
