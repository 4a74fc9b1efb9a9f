"""Whatever GitHub's REST host replies: a token with its host, or an error of ours, nothing else."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.auth.bearer import find_bearer
from copilot_cli.auth.exchange import exchange
from copilot_cli.auth.lease_values import CopilotToken
from copilot_cli.auth.plan import parse_plan
from copilot_cli.errors import CopilotChatError
from copilot_cli.secret import Secret

TOKEN = Secret("gho_madeUpForTests0000000000000000")
KEYS = (
    "token", "expires_at", "refresh_in", "endpoints", "api", "sku", "error_details", "message",
    "notification_id", "url", "title", "reason", "access_type_sku", "quota_snapshots", "chat",
    "limited_user_quotas", "organization_login_list", "entitlement", "remaining",
)  # fmt: skip
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["https://api.githubcopilot.com", "https://evil.example", "tid=1;proxy-ep=proxy.x:s", "x" * 300]
)
NUMBERS = st.integers() | st.floats() | st.just(10**400)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES).map(json.dumps) | TEXTS
STATUSES = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 404, 429, 500, 599])


def asked(ask: Callable[..., CopilotToken], status: int, body: str) -> CopilotToken | None:
    """Return what comes of a reply; None for an error of ours."""
    reply = httpx.Response(status, content=body.encode("utf-8", "surrogatepass"))
    client = httpx.Client(transport=httpx.MockTransport(lambda _: reply))
    try:
        return ask(client, "https://api.github.com", TOKEN, now=lambda: 1.8e9, headers={})
    except CopilotChatError:
        return None


@pytest.mark.parametrize("ask", [exchange, find_bearer])
@settings(max_examples=150, deadline=None)
@given(status=STATUSES, body=BODIES)
def test_any_reply_is_a_token_or_an_error_of_ours(
    ask: Callable[..., CopilotToken], status: int, body: str
) -> None:
    """And a token goes to a host of GitHub's only, for a time that is one."""
    found = asked(ask, status, body)
    if found is not None:
        assert found.api.startswith("https://")
        assert found.api.endswith(".githubcopilot.com") or ".ghe.com" in found.api
        assert 60 <= found.exp_local - found.obtained <= 86_400
        assert found.bearer == (found.token == TOKEN)


@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_plan_can_be_told(fields: dict[str, Any]) -> None:
    """Every field is optional, and of any type."""
    assert parse_plan(fields).rows()
