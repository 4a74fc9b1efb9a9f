"""Faults: the Copilot host's own refusals by name, at every endpoint, and bodies that break off."""

import json

import httpx
import pytest

from copilot_cli.simulator.refusals import REFUSALS
from tests.simulated import COPILOT, Plain

ENDPOINTS = ["models", "chat", "responses", "messages"]


def ask(plain: Plain, endpoint: str) -> httpx.Response:
    """A sound request to one of the endpoints."""
    if endpoint == "chat":
        return plain.ask()
    if endpoint == "responses":
        return plain.respond()
    if endpoint == "messages":
        return plain.message()
    return plain.http.get(f"{COPILOT}/models", headers=plain.bearer())


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_by_name(name: str) -> None:
    """A named refusal comes with its status, its words and its content type; then all is well."""
    plain, refusal = Plain(), REFUSALS[name]
    plain.sim.fault("chat", refusal=name)
    reply = ask(plain, "chat")
    assert (reply.status_code, reply.text) == (refusal.status, refusal.body)
    assert reply.headers["content-type"] == refusal.content_type
    assert "x-quota-snapshot-chat" not in reply.headers
    assert reply.headers["x-request-id"]
    assert ask(plain, "chat").status_code == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_can_refuse(endpoint: str) -> None:
    """A refusal is for one endpoint, and headers can be added to it."""
    plain = Plain()
    plain.sim.fault(endpoint, refusal="rate_limited", headers={"Retry-After": "463"})
    for other in ENDPOINTS:
        reply = ask(plain, other)
        assert reply.status_code == (429 if other == endpoint else 200)
        if other == endpoint:
            assert reply.headers["retry-after"] == "463"


def test_codes_are_where_a_client_looks() -> None:
    """A refusal that is named after its code has that code."""
    for name, refusal in REFUSALS.items():
        if refusal.body.startswith("{") and (code := json.loads(refusal.body)["error"]["code"]):
            assert code == name or name in (
                "filtered",
                "foreign_reasoning",
                "quota_exceeded_as_429",
            )


def test_unknown_refusal() -> None:
    """A misspelt refusal is told at once, with the names there are."""
    with pytest.raises(ValueError, match=r"no refusal 'qouta'.*quota_exceeded"):
        Plain().sim.fault("chat", refusal="qouta")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_body_that_breaks_off(endpoint: str) -> None:
    """The connection can break in the middle of a body."""
    plain = Plain()
    plain.sim.fault(endpoint, status=503, body='{"error": {"message": "x"}}', cut_after=9)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(plain, endpoint)


def test_the_label_can_lie() -> None:
    """The content type is what the headers say."""
    plain = Plain()
    plain.sim.fault("models", status=200, body="<p>", headers={"content-type": "application/json"})
    reply = ask(plain, "models")
    assert (reply.headers["content-type"], reply.text) == ("application/json", "<p>")
