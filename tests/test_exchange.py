"""The exchange: what is asked, what of the reply is believed, and every refusal's meaning."""

import json
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from copilot_cli.auth import rest
from copilot_cli.auth.exchange import api_host, exchange, lifetime
from copilot_cli.auth.lease_values import CopilotToken, ExchangeRefused
from copilot_cli.errors import (
    CopilotChatError,
    LimitError,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SignInError,
)
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator

NOW = 1_800_000_000.0
REST = "https://api.github.com"
GITHUB = Secret("ghu_madeUpForTests0000000000000000000000")
TOKEN = "tid=madeUp;exp=1;proxy-ep=proxy.business.githubcopilot.com:madeUpSignature"
MISSING = object()
GOOD: dict[str, Any] = {
    "token": TOKEN,
    "expires_at": NOW + 1800,
    "refresh_in": 1500,
    "sku": "monthly_subscriber",
    "endpoints": {"api": "https://api.individual.githubcopilot.com/"},
}
Handler = Callable[[httpx.Request], httpx.Response]


def ask(
    handler: Handler,
    *,
    token: Secret = GITHUB,
    rest_url: str = REST,
    set_api: str | None = None,
    now: float = NOW,
) -> CopilotToken:
    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        return exchange(
            client,
            rest_url,
            token,
            now=lambda: now,
            headers={"User-Agent": "GitHubCopilotChat/0.26.7", "Editor-Version": "vscode/1.99.3"},
            set_api=set_api,
        )


def replying(status: int = 200, body: Any = None, headers: dict[str, str] | None = None) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        sent = {"date": formatdate(NOW, usegmt=True), **(headers or {})}
        if isinstance(body, str):
            return httpx.Response(status, text=body, headers=sent)
        return httpx.Response(status, json=GOOD if body is None else body, headers=sent)

    return handler


def failing(status: int, body: Any, headers: dict[str, str] | None = None) -> CopilotChatError:
    with pytest.raises(CopilotChatError) as caught:
        ask(replying(status, body, headers))
    return caught.value


def test_the_request_is_the_editors() -> None:
    """One GET with the GitHub token, an API version and the identity headers."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return replying()(request)

    ask(handler)
    (request,) = seen
    assert (request.method, str(request.url)) == ("GET", f"{REST}/copilot_internal/v2/token")
    assert request.headers["authorization"] == f"token {GITHUB.reveal()}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-github-api-version"] == "2025-04-01"
    assert request.headers["editor-version"] == "vscode/1.99.3"
    assert request.headers["user-agent"] == "GitHubCopilotChat/0.26.7"


def test_headers_replace_ours_whatever_their_case() -> None:
    """A header of the identity takes the place of ours; the credential's is not to be had."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return replying()(request)

    headers = {"x-github-api-version": "2026-06-01", "authorization": "token other"}
    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        exchange(client, REST, GITHUB, now=lambda: NOW, headers=headers)
    sent = seen[0].headers
    assert sent.get_list("x-github-api-version") == ["2026-06-01"]
    assert sent.get_list("authorization") == [f"token {GITHUB.reveal()}"]


def test_a_token_comes_back_whole() -> None:
    """Token, times, host without a slash at its end, and what the plan is called."""
    assert ask(replying()) == CopilotToken(
        Secret(TOKEN),
        NOW,
        NOW + 1800,
        NOW + 1500,
        "https://api.individual.githubcopilot.com",
        "monthly_subscriber",
    )


def test_only_the_token_matters() -> None:
    """Everything else may be missing or of any type; without its times it is good ten minutes."""
    odd = {
        "token": "x" * 40,
        "sku": 7,
        "endpoints": [],
        "individual": None,
        "organization_list": "none",
    }
    token = ask(replying(body=odd))
    assert (token.api, token.sku) == ("https://api.githubcopilot.com", None)
    assert token.exp_local - token.obtained == 600


@pytest.mark.parametrize("value", [None, "", True, [], {}, 1500, "a token\r\nX-Bad: 1"])
def test_the_token_is_read_strictly(value: object) -> None:
    """A reply without a token that can be sent is a failure of the service, and shows no value."""
    error = failing(200, {**GOOD, "token": value})
    assert type(error) is ServiceError
    assert "X-Bad" not in error.message


@pytest.mark.parametrize(
    ("names", "life"),
    [
        pytest.param(("expires_at",), 1500, id="refresh_in alone"),
        pytest.param(("refresh_in",), 1800, id="expires_at alone"),
        pytest.param(("expires_at", "refresh_in"), 600, id="neither"),
    ],
)
@pytest.mark.parametrize(
    "value", [MISSING, None, "", "1500", True, [], {}, float("nan"), float("inf"), -(10**400)]
)
def test_odd_times_are_missing_times(names: tuple[str, ...], life: float, value: object) -> None:
    """A token is used for as long as what can be read of its times says, and ten minutes else."""
    body = {**GOOD, **dict.fromkeys(names, value)}
    token = ask(replying(body=json.dumps({k: v for k, v in body.items() if v is not MISSING})))
    assert token.token == Secret(TOKEN)
    assert token.exp_local - token.obtained == life
    assert token.obtained <= token.refresh_at <= token.exp_local


@pytest.mark.parametrize(
    ("expires_in", "refresh_in", "has_date", "life"),
    [
        pytest.param(1800, 1500, True, 1800, id="as usual"),
        pytest.param(1800, 1500, False, 1500, id="no server date: refresh_in alone"),
        pytest.param(3600, 1500, True, 1800, id="refresh_in bounds it"),
        pytest.param(600, 1500, True, 600, id="expires_at bounds it"),
        pytest.param(10, 1500, True, 60, id="at least a minute"),
        pytest.param(10**6, 10**6, True, 600, id="nonsense"),
        pytest.param(-5, 0, True, 600, id="nothing usable"),
        pytest.param(-5, -5, False, 600, id="nothing usable, no date"),
        pytest.param(-5, 1500, True, 1500, id="expired on arrival: refresh_in alone"),
        pytest.param(1800, 0, True, 1800, id="no refresh_in"),
        pytest.param(100_000, 86_400, True, 86_400, id="at most a day"),
    ],
)
def test_lifetime(expires_in: float, refresh_in: float, has_date: bool, life: float) -> None:
    """The life of a token is measured by the server's clock or by none."""
    assert lifetime(NOW + expires_in, refresh_in, NOW if has_date else None) == life


@pytest.mark.parametrize("off", [-86_400.0, -3600.0, 0.0, 3600.0, 86_400.0])
def test_a_wrong_clock_changes_nothing(off: float) -> None:
    """Whatever this machine's clock says, the token is good for half an hour from now."""
    token = ask(replying(), now=NOW + off)
    assert token.exp_local - token.obtained == 1800
    assert token.obtained == NOW + off


def test_a_servers_wrong_clock_changes_nothing() -> None:
    """The simulator's clock may be a day off too, since its date and expiry agree."""
    simulator = Simulator(Scenario(clock_skew=-86_400), now=lambda: NOW)
    token = Secret(simulator.sign_in())
    with httpx.Client(transport=simulator.transport()) as client:
        found = exchange(client, REST, token, now=lambda: NOW, headers={"User-Agent": "t"})
    assert found.exp_local == NOW + 1800
    assert found.api == "https://api.individual.githubcopilot.com"


@pytest.mark.parametrize(
    ("fields", "token", "rest_url", "api"),
    [
        pytest.param(
            {"endpoints": {"api": "https://api.business.githubcopilot.com"}},
            "x",
            REST,
            "https://api.business.githubcopilot.com",
            id="named",
        ),
        pytest.param(
            {"endpoints": {"api": "https://API.Individual.GitHubCopilot.com:443/"}},
            "x",
            REST,
            "https://api.individual.githubcopilot.com",
            id="named in other letters",
        ),
        pytest.param({}, TOKEN, REST, "https://api.business.githubcopilot.com", id="proxy-ep"),
        pytest.param(
            {"endpoints": {"proxy": "https://proxy.x.githubcopilot.com"}},
            "tid=a:sig;proxy-ep=proxy.evil.example",
            REST,
            "https://api.githubcopilot.com",
            id="nothing before the signature",
        ),
        pytest.param(
            {"endpoints": {"api": "https://copilot-api.octo.ghe.com"}},
            "x",
            "https://api.octo.ghe.com",
            "https://copilot-api.octo.ghe.com",
            id="a company's host",
        ),
        pytest.param(
            {},
            "x",
            "https://api.octo.ghe.com",
            "https://copilot-api.octo.ghe.com",
            id="a company's host, not named",
        ),
        pytest.param(
            {"endpoints": {"api": "http://127.0.0.1:8123"}},
            "x",
            "http://127.0.0.1:9000",
            "http://127.0.0.1:8123",
            id="loopback to loopback",
        ),
        pytest.param(
            {"endpoints": {"api": "http://[::1]:8123/"}},
            "x",
            "http://[::1]:9000",
            "http://[::1]:8123",
            id="loopback of IPv6",
        ),
    ],
)
def test_api_host(fields: dict[str, Any], token: str, rest_url: str, api: str) -> None:
    """The host is the reply's, else the token's own, else the public one."""
    assert api_host(fields, token, rest_url) == api


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "http://api.individual.githubcopilot.com",
        "https://githubcopilot.com.evil.example",
        "https://evilgithubcopilot.com",
        "https://api.githubcopilot.com@evil.example",
        "https://evil.example\\.githubcopilot.com",
        "https://evil.example/.githubcopilot.com",
        "https://evil.example#.githubcopilot.com",
        "https://evil.example?.githubcopilot.com",
        "https://user@api.githubcopilot.com",
        "https://api.githubcopilot.com:8443",
        "https://api.githubcopilot.com:99999",
        "https://api.githubcopilot.com/path",
        "https://copilot-api.evil.example",
        "https://copilot-api.ghe.com",
        "https://copilot-api.x.ghe.com.evil.example",
        "https://-.githubcopilot.com ",
        "http://127.0.0.1:8123",
        "https://localhost",
        "ftp://api.githubcopilot.com",
        "api.githubcopilot.com",
        "https://[::1",
    ],
)
def test_a_foreign_host_is_refused(url: str) -> None:
    """No reply makes the token go to a host that is not Copilot's; the message names the host."""
    body = {**GOOD, "endpoints": {"api": url}}
    error = failing(200, body)
    assert type(error) is ServiceError
    assert error.kind == "foreign_host"
    assert "\n" not in error.message
    assert "madeUp" not in error.message


def test_a_foreign_proxy_in_the_token_is_refused() -> None:
    """The host in the token string is checked as the one in the reply is."""
    with pytest.raises(ServiceError, match=r"api\.evil\.example"):
        api_host({}, "tid=1;proxy-ep=proxy.evil.example:sig", REST)


@pytest.mark.parametrize("rest_url", [REST, "https://api.acme.ghe.com"], ids=["github", "company"])
def test_another_company_s_host_is_refused(rest_url: str) -> None:
    """A token goes to the Copilot API of the installation it is of, whatever the reply names."""
    fields = {"endpoints": {"api": "https://copilot-api.octo.ghe.com"}}
    with pytest.raises(ServiceError, match=r"copilot-api\.octo\.ghe\.com"):
        api_host(fields, "x", rest_url)


def test_a_company_s_host_behind_an_address_of_one_s_own() -> None:
    """Whose it is cannot be told there."""
    api = "https://copilot-api.octo.ghe.com"
    assert api_host({"endpoints": {"api": api}}, "x", "https://github-proxy.example") == api


def test_the_users_host_wins() -> None:
    """The host that the user set is used, whatever the reply names."""
    body = {**GOOD, "endpoints": {"api": "https://evil.example"}}
    token = ask(replying(body=body), set_api="https://copilot.corp.example")
    assert token.api == "https://copilot.corp.example"


@pytest.mark.parametrize(
    ("value", "error", "code", "reason"),
    [
        ("github_pat_madeUp0000000000000", ExchangeRefused, 3, "fine-grained"),
        ("ghs_madeUp00000000000000000000", ExchangeRefused, 3, "installation"),
        ("ghp_madeUp00000000000000000000", SignInError, 3, "classic"),
        ("ghr_madeUp00000000000000000000", SignInError, 3, "refresh"),
    ],
)
def test_kinds_that_cannot_work_are_not_sent(
    value: str, error: type[CopilotChatError], code: int, reason: str
) -> None:
    """No request is made with a token whose kind is never exchanged."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with pytest.raises(CopilotChatError, match=reason) as caught:
        ask(handler, token=Secret(value))
    assert type(caught.value) is error
    assert caught.value.exit_code == code
    assert value not in caught.value.message


@pytest.mark.parametrize("kind", ["ghu_", "gho_", ""])
def test_other_kinds_are_tried(kind: str) -> None:
    """Every other kind of token is tried: only the service knows."""
    assert ask(replying(), token=Secret(kind + "madeUp00000000000000")).token == Secret(TOKEN)


ENVELOPE = {
    "can_signup_for_limited": False,
    "message": "Resource not accessible",
    "reason": "no_copilot_access",
    "error_details": {
        "message": "No access to GitHub Copilot found.",
        "notification_id": "no_copilot_access",
        "title": "Sign up for GitHub Copilot",
        "url": "https://github.com/github-copilot/signup?editor={EDITOR}",
    },
}


@pytest.mark.parametrize("status", [200, 403])
def test_the_envelope_is_told_in_the_services_words(status: int) -> None:
    """The 403 envelope is shown, whatever the status, with its link as the hint."""
    error = failing(status, ENVELOPE)
    assert type(error) is NotAllowedError
    assert error.exit_code == 4
    assert error.kind == "no_copilot_access"
    assert error.message == "Sign up for GitHub Copilot: No access to GitHub Copilot found."
    assert error.hint == "see https://github.com/github-copilot/signup?editor=copilot-chat"


@pytest.mark.parametrize(
    "identifier",
    [
        "no_copilot_access", "not_signed_up", "subscription_ended", "server_error",
        "enterprise_managed_user_account", "feature_flag_blocked", "spammy_user",
        "snippy_not_configured", "billing_locked", "trade_restricted", "expired_coupon",
        "trade_restricted_country", "revoked_coupon", "codespaces_demo_inactive",
        "access_revoked", "programmatic_token_generation", "go_http_client",
    ],
)  # fmt: skip
def test_each_notification_says_something(identifier: str) -> None:
    """An envelope with nothing but an identifier has a message and a next step of ours."""
    error = failing(403, {"error_details": {"notification_id": identifier}})
    assert type(error) is NotAllowedError
    assert error.kind == identifier
    assert error.message != "Copilot is not available to this account"
    assert error.hint


@pytest.mark.parametrize(
    "details",
    [
        {},
        {"notification_id": 7, "message": ["x"], "url": {}},
        {"notification_id": "A b\x1b[31m", "url": "javascript:alert(1)"},
        {"notification_id": "x" * 500, "url": "https://evil.example/ \x1b]8;;"},
    ],
)
def test_an_odd_envelope_is_still_a_refusal(details: dict[str, Any]) -> None:
    """An envelope with odd fields is shown without them."""
    error = failing(403, {"error_details": details})
    assert type(error) is NotAllowedError
    assert error.kind == "not_allowed"
    assert error.hint is None
    assert error.message == "Copilot is not available to this account"


def test_the_services_words_are_made_safe() -> None:
    """Control characters and credentials in a message are not shown, nor more than 200 letters."""
    words = "\x1b]0;owned\x07 ghu_madeUpForTests0000000000 " + "x" * 500
    for details in ({"message": words}, {"title": "y" * 150, "message": words}):
        error = failing(403, {"error_details": details})
        assert "\x1b" not in error.message
        assert "madeUp" not in error.message
        assert len(error.message) == 200


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected", "words"),
    [
        pytest.param(401, {"message": "Bad credentials"}, {}, SignInError, "Bad", id="401"),
        pytest.param(
            403, {"message": "API rate limit exceeded for x"}, {}, LimitError, "rate", id="403 rate"
        ),
        pytest.param(403, {"message": "no"}, {"retry-after": "9"}, LimitError, "rate", id="wait"),
        pytest.param(
            403, {"message": "Resource not accessible by integration"}, {}, ExchangeRefused,
            "integration", id="403 integration",
        ),
        pytest.param(
            403, {"message": "Resource not accessible by personal access token"}, {},
            ExchangeRefused, "personal", id="403 token kind",
        ),
        pytest.param(403, {"message": "SAML enforcement"}, {}, NotAllowedError, "SAML", id="403"),
        pytest.param(403, "<html>blocked</html>", {}, ServiceError, "not GitHub", id="403 page"),
        pytest.param(404, {"message": "Not Found"}, {}, ExchangeRefused, "kind", id="404"),
        pytest.param(404, "<!DOCTYPE html>", {}, ServiceError, "not GitHub", id="404 page"),
        pytest.param(429, {"message": "slow"}, {}, LimitError, "slow", id="429"),
        pytest.param(500, {"message": "x"}, {}, ServiceError, "not available", id="500"),
        pytest.param(502, "<html>", {}, ServiceError, "not available", id="502 page"),
        pytest.param(501, {}, {}, ServiceError, "not available", id="501"),
        pytest.param(418, {"message": "tea"}, {}, ServiceError, "tea", id="another"),
        pytest.param(200, "<html>sign in to this Wi-Fi", {}, ServiceError, "portal", id="portal"),
        pytest.param(200, "[]", {}, ServiceError, "not GitHub", id="a list"),
        pytest.param(200, "{" * 2000, {}, ServiceError, "not GitHub", id="no JSON"),
        pytest.param(200, {"message": "?"}, {}, ServiceError, "without", id="no token"),
        pytest.param(200, "x" * 70_000, {}, ServiceError, "more than", id="too long"),
        pytest.param(
            302, {}, {"location": "https://evil.example/x"}, ServiceError, "evil.example", id="302"
        ),
    ],
)  # fmt: skip
def test_refusals(
    status: int,
    body: Any,
    headers: dict[str, str],
    expected: type[CopilotChatError],
    words: str,
) -> None:
    """Each failure of the exchange has its own kind of error, and says why."""
    error = failing(status, body, headers)
    assert type(error) is expected
    assert words in error.message + str(error.hint)


def test_a_redirect_is_not_followed() -> None:
    """The token is not carried to where a reply points."""
    hosts: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://evil.example/"})

    with pytest.raises(ServiceError):
        ask(handler)
    assert hosts == ["api.github.com"]


@pytest.mark.parametrize("location", ["//[", "https://a]b/", ""])
def test_a_redirect_to_nowhere_is_told_as_one(location: str) -> None:
    """What its address is made of is no fault of ours."""
    error = failing(302, "", {"location": location})
    assert "redirects to elsewhere" in error.message


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": formatdate(NOW + 90, usegmt=True)}, 90.0, id="date"),
        pytest.param({"retry-after": "-3"}, None, id="nonsense"),
        pytest.param({}, None, id="nothing"),
        pytest.param(
            {"x-ratelimit-reset": str(int(NOW) + 60), "x-ratelimit-remaining": "0"},
            60.0,
            id="reset",
        ),
        pytest.param(
            {"x-ratelimit-reset": str(int(NOW) + 60), "x-ratelimit-remaining": "9"}, None, id="left"
        ),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_is_asked_for(
    status: int, headers: dict[str, str], wait: float | None
) -> None:
    """Retry-After is passed on; a reset counts only where nothing is left of the limit."""
    assert failing(status, {"message": "x"}, headers).retry_after == wait


def test_no_answer_is_a_network_error() -> None:
    """A connection that fails is told without the request's headers."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused " + request.headers["authorization"], request=request)

    with pytest.raises(NetworkError) as caught:
        ask(handler)
    assert "madeUp" not in caught.value.message + str(caught.value.hint)


def test_a_drip_does_not_outlast_the_budget() -> None:
    """A body that comes a byte at a time ends when the time is up, though it is never silent."""

    def drip() -> Any:
        while True:
            yield b" "

    clock = iter(range(10_000))
    with (
        httpx.Client(
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
        ) as client,
        pytest.raises(NetworkError, match="too long"),
    ):
        rest.get(client, REST, GITHUB, headers={}, seconds=15, monotonic=lambda: next(clock))
