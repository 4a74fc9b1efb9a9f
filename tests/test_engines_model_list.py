"""The model list, fetched: its bounds, and what is no list."""

import httpx
import pytest

from copilot_cli.engines.failure import BACKOFF, NEVER, Failure, Unauthorized
from copilot_cli.engines.model_list import MAX_BODY, fetch_models
from copilot_cli.network import build_client
from tests.engine_world import API, NOW, TOKEN, Body, Replies


def fetch(reply: httpx.Response | Exception) -> dict[str, object]:
    """Fetch the list from a host that gives `reply`."""
    client = build_client({}, transport=Replies(reply), user_agent="tests")
    return fetch_models(client, API, {"Authorization": f"Bearer {TOKEN}"}, now=NOW)


def fail(reply: httpx.Response | Exception) -> Failure:
    """Return the failure of fetching the list."""
    with pytest.raises(Failure) as raised:
        fetch(reply)
    return raised.value


def test_the_list_is_returned_as_it_came() -> None:
    """What it means is another file's."""
    assert fetch(httpx.Response(200, json={"data": [7], "object": "list"})) == {
        "data": [7],
        "object": "list",
    }


NO_LISTS = {
    "no JSON": b"<html>",
    "a list": b"[]",
    "no data": b"{}",
    "data of another type": b'{"data":{}}',
    "too deep": b"[" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("body", NO_LISTS.values(), ids=NO_LISTS)
def test_what_is_no_list_is_said(body: bytes) -> None:
    """Exit 6, at once."""
    failure = fail(httpx.Response(200, content=body))
    assert (failure.error.exit_code, failure.retry) == (6, NEVER)
    assert failure.error.message == "the model list is not what it should be"


def test_a_list_that_never_ends_is_stopped() -> None:
    """At 8 MiB."""
    body = Body(b"x" * 1_000_000 for _ in range(10**9))
    failure = fail(httpx.Response(200, stream=body))
    assert failure.error.message == "the model list is larger than 8 MiB; stopped"
    assert body.read <= MAX_BODY + 1_000_000
    assert body.closed


def test_refusals_and_outages_are_those_of_answers() -> None:
    """The same statuses, the same network."""
    assert isinstance(fail(httpx.Response(401, text=f"bad {TOKEN}")), Unauthorized)
    assert fail(httpx.ConnectError("x")).retry == BACKOFF
    assert TOKEN[:20] not in fail(httpx.Response(401, text=f"bad {TOKEN}")).error.message
    assert fail(httpx.Response(302, headers={"location": "https://evil.example/"})).retry == NEVER
