"""A GitHub token as bearer: the host that goes with it, and what is no reason to send it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from copilot_cli.auth.bearer import KNOWN_FOR, find_bearer
from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    NetworkError,
    ServiceError,
    SignInError,
)
from copilot_cli.secret import Secret

NOW = 1_800_000_000.0
REST = "https://api.github.com"
TOKEN = Secret("gho_madeUpForTests0000000000000000")
API = {"endpoints": {"api": "https://api.business.githubcopilot.com/"}}


def found(reply: httpx.Response | Callable[..., httpx.Response], **more: Any) -> CopilotToken:
    """Ask about the token where `reply` is the answer."""

    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"token {TOKEN.reveal()}"
        assert request.headers["user-agent"] == "copilot-chat/0"
        return reply(request) if callable(reply) else reply

    client = httpx.Client(transport=httpx.MockTransport(handler))
    given = {"now": lambda: NOW, "headers": {"User-Agent": "copilot-chat/0"}, **more}
    return find_bearer(client, given.pop("rest_url", REST), TOKEN, **given)


def test_the_host_is_the_one_that_github_names() -> None:
    """With the plan's name; known for a day."""
    reply = httpx.Response(200, json={**API, "access_type_sku": "copilot_for_business"})
    assert found(reply) == CopilotToken(
        TOKEN, NOW, NOW + KNOWN_FOR, NOW + KNOWN_FOR, "https://api.business.githubcopilot.com",
        "copilot_for_business", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rest_url", "api"),
    [
        (REST, "https://api.githubcopilot.com"),
        ("https://api.octo.ghe.com", "https://copilot-api.octo.ghe.com"),
    ],
)
@pytest.mark.parametrize("body", [{}, {"endpoints": None}, {"endpoints": {"api": 5}}])
def test_the_usual_host_counts_where_none_is_named(
    rest_url: str, api: str, body: dict[str, Any]
) -> None:
    """That of the host one signed in to."""
    assert found(httpx.Response(200, json=body), rest_url=rest_url).api == api


@pytest.mark.parametrize("status", [403, 404])
def test_a_token_that_is_told_nothing_uses_the_usual_host(status: int) -> None:
    """Actions' tokens have no plan to be told of."""
    reply = httpx.Response(status, json={"message": "Resource not accessible by integration"})
    assert found(reply).api == "https://api.githubcopilot.com"


def test_the_host_that_was_set_wins() -> None:
    """Whatever GitHub names."""
    assert found(httpx.Response(200, json=API), set_api="https://x.example").api == (
        "https://x.example"
    )


def test_a_foreign_host_gets_no_token() -> None:
    """Not even where GitHub's own reply names it."""
    with pytest.raises(ServiceError, match="not a Copilot host"):
        found(httpx.Response(200, json={"endpoints": {"api": "https://evil.example"}}))


REFUSED: list[tuple[int, Any, dict[str, str], type[CopilotChatError]]] = [
    (401, {"message": "Bad credentials"}, {}, SignInError),
    (403, {"message": "API rate limit exceeded"}, {}, LimitError),
    (429, {"message": "slow"}, {}, LimitError),
    (500, {"message": "no"}, {}, ServiceError),
    (302, {}, {"location": "https://evil.example"}, ServiceError),
]


@pytest.mark.parametrize(("status", "body", "headers", "error"), REFUSED)
def test_what_says_nothing_of_the_host_is_an_error(
    status: int, body: Any, headers: dict[str, str], error: type[CopilotChatError]
) -> None:
    """And the token goes nowhere."""
    with pytest.raises(error) as raised:
        found(httpx.Response(status, json=body, headers=headers))
    assert TOKEN.reveal() not in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_page_is_not_github_s_word(status: int) -> None:
    """A portal in between does not choose the host."""
    page = httpx.Response(status, text="<html>", headers={"content-type": "text/html"})
    with pytest.raises(ServiceError):
        found(page)


def test_no_answer_is_a_network_error() -> None:
    """With the host named."""

    def broken(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(NetworkError, match=r"api\.github\.com"):
        found(broken)
