"""Device login against a scripted server: every error, and the exact waits between polls."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from copilot_cli.auth.device import (
    DeviceCode,
    Grant,
    Poll,
    opens,
    refresh,
    request_code,
    wait_for_grant,
)
from copilot_cli.errors import (
    CodeExpired,
    CopilotChatError,
    LimitError,
    NetworkError,
    NotAllowedError,
    ServiceError,
    SettingsError,
    SignInError,
)
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator

BASE = "https://github.com"
CLIENT = "Iv1.b507a08c87ecfe98"
TOKEN = "ghu_madeUpForTests0000000000000000000000"
REFRESH = "ghr_madeUpForTests0000000000000000000000"
DEVICE_CODE = "madeUpDeviceCode000000000000000000000000"
CODE_REPLY = {
    "device_code": DEVICE_CODE,
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://github.com/login/device",
    "expires_in": 900,
    "interval": 5,
}
GRANTED = {"access_token": TOKEN, "token_type": "bearer", "scope": "read:user"}
PENDING = {"error": "authorization_pending"}

Answer = httpx.Response | Exception | dict[str, Any]


class Clock:
    """Time that passes only by sleeping, and by `cost` seconds with each request."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.waits.append(round(seconds, 3))
        self.now += seconds


class Server:
    """Gives the scripted answers in order, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: Answer, clock: Clock | None = None, cost: float = 0.0) -> None:
        self.answers = list(answers)
        self.forms: list[dict[str, str]] = []
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self._clock, self._cost = clock, cost

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.forms.append({k: v[0] for k, v in parse_qs(request.content.decode()).items()})
        if self._clock:
            self.times.append(self._clock.now - 1000.0)
            self._clock.now += self._cost
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer) if isinstance(answer, dict) else answer

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))


def code(**changes: Any) -> DeviceCode:
    fresh = DeviceCode(
        Secret(DEVICE_CODE), "WDJB-MJHT", "https://github.com/login/device", 900.0, 5.0, None
    )
    return fresh._replace(**changes)


def ask(reply: httpx.Response | Exception | dict[str, Any]) -> DeviceCode:
    return request_code(Server(reply).client, BASE, client_id="Iv1.madeup", scope="read:user")


def wait(
    *answers: Answer,
    clock: Clock | None = None,
    on_poll: Callable[[Poll], None] | None = None,
    **changes: Any,
) -> tuple[Grant, list[float]]:
    clock = clock or Clock()
    grant = wait_for_grant(
        Server(*answers).client,
        BASE,
        code(**changes),
        client_id="Iv1.madeup",
        sleep=clock.sleep,
        monotonic=clock.monotonic,
        on_poll=on_poll,
    )
    return grant, clock.waits


# --- the code ------------------------------------------------------------------------------------


def test_the_code_request_is_a_form_that_asks_for_json() -> None:
    """The request goes to the login host with id and scope, and asks for a JSON reply."""
    server = Server(CODE_REPLY)
    got = request_code(server.client, BASE + "/", client_id="Iv1.madeup", scope="read:user")
    assert got == code()
    assert str(server.requests[0].url) == "https://github.com/login/device/code"
    assert server.requests[0].headers["Accept"] == "application/json"
    assert server.forms == [{"client_id": "Iv1.madeup", "scope": "read:user"}]


def test_the_reply_may_be_a_form() -> None:
    """An urlencoded reply is read like a JSON one, numbers included."""
    reply = {**CODE_REPLY, "interval": 7, "expires_in": 600}
    got = ask(httpx.Response(200, text=urlencode(reply)))
    assert got == code(interval=7.0, expires_in=600.0)


@pytest.mark.parametrize(
    "value",
    [None, 0, -5, 1e9, 1e-9, "soon", "", True, [], float("nan"), float("inf")],
    ids=repr,
)
def test_odd_times_become_the_defaults(value: Any) -> None:
    """An interval or a life that is missing or makes no sense is 5 and 900 seconds."""
    got = ask(
        httpx.Response(200, text=json.dumps({**CODE_REPLY, "interval": value, "expires_in": value}))
    )
    assert (got.interval, got.expires_in) == (5.0, 900.0)


def test_missing_times_become_the_defaults() -> None:
    """A reply without interval and life gets 5 and 900 seconds."""
    reply = {k: v for k, v in CODE_REPLY.items() if k not in ("interval", "expires_in")}
    got = ask(reply)
    assert (got.interval, got.expires_in) == (5.0, 900.0)


@pytest.mark.parametrize(
    ("complete", "kept"),
    [
        ("https://github.com/login/device?user_code=WDJB-MJHT", True),
        ("javascript:alert(1)", False),
        (7, False),
        ("https://github.com/\x1b]52;c;eA==\x07", False),
    ],
)
def test_the_complete_address_is_optional(complete: Any, *, kept: bool) -> None:
    """`verification_uri_complete` is kept where it is an address, and else dropped."""
    got = ask({**CODE_REPLY, "verification_uri_complete": complete})
    assert got.verification_uri_complete == (complete if kept else None)


@pytest.mark.parametrize(
    "change",
    [
        {"device_code": None},
        {"device_code": ""},
        {"device_code": 7},
        {"device_code": "made up\n with a line"},
        {"user_code": None},
        {"user_code": "AB"},
        {"user_code": "wdjb-mjht"},
        {"user_code": "WDJB-MJHT\n"},
        {"user_code": "\x1b[2JWDJB"},
        {"user_code": "WDJB MJHT please"},
        {"verification_uri": None},
        {"verification_uri": ["https://github.com"]},
        {"verification_uri": "github.com/login/device"},
        {"verification_uri": "https://github.com/\x1b[31m"},
        {"verification_uri": "https://github.com@evil.example/"},
        {"verification_uri": "javascript:alert(1)"},
    ],
    ids=repr,
)
def test_a_reply_with_missing_or_odd_fields_is_refused(change: dict[str, Any]) -> None:
    """Nothing can be shown of a reply that is not whole and plain: exit 6."""
    with pytest.raises(ServiceError) as caught:
        ask({**CODE_REPLY, **change})
    assert caught.value.exit_code == 6
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("reply", "kind", "exit_code", "words"),
    [
        (httpx.Response(404, json={"error": "Not Found"}), SettingsError, 2, "client id"),
        (httpx.Response(404, text="<html>"), SettingsError, 2, "client id"),
        (httpx.Response(400, json={"error": "device_flow_disabled"}), SettingsError, 2, "off"),
        ({"error": "unauthorized_client"}, SettingsError, 2, "client id"),
        ({"error": "incorrect_client_credentials"}, SettingsError, 2, "not accepted"),
        (httpx.Response(403, text="no"), NotAllowedError, 4, "not allow"),
        (httpx.Response(403, headers={"Retry-After": "60"}), LimitError, 5, "rate"),
        (httpx.Response(429, headers={"Retry-After": "17"}), LimitError, 5, "rate"),
        (httpx.Response(200, text="<html>sign in to wifi</html>"), ServiceError, 6, "page"),
        (httpx.Response(200, text="[]"), ServiceError, 6, "device code"),
        ({**CODE_REPLY, "padding": "x" * 70000}, ServiceError, 6, "page"),
        (httpx.Response(500, text="<html>"), ServiceError, 6, "500"),
        (httpx.Response(503, json={"error": "unavailable"}), ServiceError, 6, "503"),
        (httpx.Response(302, headers={"Location": "https://e.example"}), ServiceError, 6, "302"),
        ({"error": "odd", "error_description": "no\x1b[2J can do"}, SignInError, 3, "no"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), NetworkError, 6, "github.com"),
        (httpx.ReadTimeout("slow"), NetworkError, 6, "github.com"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_code_request_has_errors_of_its_own(
    reply: Answer, kind: type[CopilotChatError], exit_code: int, words: str
) -> None:
    """Each failure of the code request is told apart, and nothing of it is retried."""
    server = Server(reply)
    with pytest.raises(kind) as caught:
        request_code(server.client, BASE, client_id="Iv1.madeup", scope="")
    assert type(caught.value) is kind
    assert caught.value.exit_code == exit_code
    assert words in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(server.requests) == 1


def test_a_rate_limit_says_how_long() -> None:
    """Retry-After of a 429 reaches the error."""
    with pytest.raises(LimitError) as caught:
        ask(httpx.Response(429, headers={"Retry-After": "17"}))
    assert caught.value.retry_after == 17
    assert "17 s" in (caught.value.hint or "")


# --- polling -------------------------------------------------------------------------------------


def test_the_first_poll_goes_out_at_once() -> None:
    """A code that is approved already costs no wait at all, and the poll is the RFC's."""
    server, clock = Server(GRANTED), Clock()
    grant = wait_for_grant(
        server.client,
        BASE,
        code(),
        client_id="Iv1.madeup",
        sleep=clock.sleep,
        monotonic=clock.monotonic,
    )
    assert grant == Grant(Secret(TOKEN), "bearer", "read:user", None, None, None)
    assert clock.waits == []
    assert str(server.requests[0].url) == "https://github.com/login/oauth/access_token"
    assert server.forms == [
        {
            "client_id": "Iv1.madeup",
            "device_code": DEVICE_CODE,
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
    ]


def test_an_expiring_sign_in_keeps_its_refresh_token() -> None:
    """Refresh token and both lives are part of the grant."""
    reply = {
        **GRANTED,
        "refresh_token": REFRESH,
        "expires_in": 28800,
        "refresh_token_expires_in": 15897600,
        "scope": "",
    }
    grant, _ = wait(reply)
    assert grant == Grant(Secret(TOKEN), "bearer", "", Secret(REFRESH), 28800.0, 15897600.0)


def slow(interval: Any = None) -> dict[str, Any]:
    return {"error": "slow_down"} | ({} if interval is None else {"interval": interval})


DATED = {
    "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
    "Retry-After": "Sun, 06 Nov 1994 08:50:19 GMT",
}
BAD = httpx.Response(502, text="<html>bad gateway</html>")


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([PENDING, PENDING, PENDING, GRANTED], [5, 5, 5]),
        ([PENDING, slow(), PENDING, PENDING, GRANTED], [5, 10, 10, 10]),
        ([slow(), slow(), PENDING, GRANTED], [10, 15, 15]),
        ([slow(20), PENDING, GRANTED], [20, 20]),
        ([slow(3), PENDING, GRANTED], [10, 10]),
        ([slow("never"), slow(True), slow(-1), slow(1e9), GRANTED], [10, 15, 20, 25]),
        ([BAD, PENDING, GRANTED], [7, 5]),
        ([BAD, BAD, BAD, BAD, BAD, GRANTED], [7, 9, 11, 13, 15]),
        ([BAD, BAD, PENDING, BAD, BAD, GRANTED], [7, 9, 5, 7, 9]),
        ([slow(28), BAD, BAD, PENDING, GRANTED], [28, 30, 30, 28]),
        ([slow(50), BAD, GRANTED], [50, 50]),
        ([{}, PENDING, {}, {}, GRANTED], [7, 5, 7, 9]),
        ([httpx.Response(400, json=PENDING), GRANTED], [5]),
        ([httpx.Response(503, json=PENDING), GRANTED], [5]),
        ([httpx.Response(429, json=slow(12)), PENDING, GRANTED], [12, 12]),
        ([httpx.Response(429, headers={"Retry-After": "40"}), PENDING, GRANTED], [40, 5]),
        ([httpx.Response(429, headers={"Retry-After": "86400"}), GRANTED], [60]),
        ([httpx.Response(429, headers={"Retry-After": "soon"}), GRANTED], [7]),
        ([httpx.Response(503, headers=DATED), PENDING, GRANTED], [42, 5]),
        ([httpx.Response(503, headers={"Retry-After": DATED["Retry-After"]}), GRANTED], [7]),
        ([httpx.Response(503, json={"error": "unavailable"}), GRANTED], [7]),
        ([httpx.Response(302, headers={"Location": "/"}), GRANTED], [7]),
        ([httpx.Response(200, text=urlencode(PENDING)), GRANTED], [5]),
        ([httpx.Response(200, text=urlencode(slow(9))), GRANTED], [10]),
        ([httpx.Response(200, text=urlencode(GRANTED))], []),
        (
            [
                httpx.ConnectError("reset"),
                httpx.ReadTimeout("slow"),
                httpx.RemoteProtocolError("cut"),
                httpx.ConnectError("[Errno -3] Temporary failure in name resolution"),
                httpx.Response(200, text="<html>wifi</html>"),
                GRANTED,
            ],
            [7, 9, 11, 13, 15],
        ),
    ],
)
def test_the_waits_between_polls(answers: list[Answer], waits: list[float]) -> None:
    """The pace is the server's; slow_down holds for good; failures wait longer and are forgiven."""
    grant, got = wait(*answers)
    assert grant.token == Secret(TOKEN)
    assert got == waits


def test_the_screen_hears_of_every_poll() -> None:
    """Each poll that decides nothing is told with the wait that follows."""
    polls: list[Poll] = []
    wait(PENDING, slow(), BAD, PENDING, GRANTED, on_poll=polls.append)
    assert polls == [
        Poll("pending", 5),
        Poll("slow_down", 10),
        Poll("transient", 12, 1, "github.com answered 502"),
        Poll("pending", 10),
    ]


ENDS: list[tuple[str, type[CopilotChatError], int, str]] = [
    ("access_denied", SignInError, 3, "denied"),
    ("authorization_denied", SignInError, 3, "denied"),
    ("authorization_declined", SignInError, 3, "denied"),
    ("expired_token", CodeExpired, 3, "expired"),
    ("token_expired", CodeExpired, 3, "expired"),
    ("incorrect_device_code", SignInError, 3, "wrong"),
    ("bad_verification_code", SignInError, 3, "wrong"),
    ("invalid_grant", SignInError, 3, "not valid"),
    ("unverified_user_email", SignInError, 3, "verified"),
    ("incorrect_client_credentials", SettingsError, 2, "not accepted"),
    ("device_flow_disabled", SettingsError, 2, "switched off"),
    ("unauthorized_client", SettingsError, 2, "may not"),
    ("unsupported_grant_type", CopilotChatError, 1, "grant type"),
    ("never_heard_of", SignInError, 3, "never_heard_of"),
]


@pytest.mark.parametrize("status", [200, 400, 401, 403])
@pytest.mark.parametrize(("error", "kind", "exit_code", "words"), ENDS, ids=[e[0] for e in ENDS])
def test_each_error_ends_the_login_in_its_own_way(
    error: str, kind: type[CopilotChatError], exit_code: int, words: str, status: int
) -> None:
    """The body's error decides, whatever the status, and no poll follows it."""
    server, clock = Server(PENDING, httpx.Response(status, json={"error": error})), Clock()
    with pytest.raises(kind) as caught:
        wait_for_grant(
            server.client,
            BASE,
            code(),
            client_id="x",
            sleep=clock.sleep,
            monotonic=clock.monotonic,
        )
    assert type(caught.value) is kind
    assert caught.value.exit_code == exit_code
    assert words in caught.value.message
    assert caught.value.hint
    assert clock.waits == [5]


def test_an_unknown_error_is_told_in_the_servers_words_made_safe() -> None:
    """The description is cut to 200 characters and loses controls, tokens and the device code."""
    said = f"\x1b[31mno\u202e {TOKEN} {DEVICE_CODE} " + "x" * 500
    with pytest.raises(SignInError) as caught:
        wait({"error": "odd", "error_description": said})
    message = caught.value.message
    assert "no" in message
    assert TOKEN not in message
    assert DEVICE_CODE not in message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert len(message) <= 230


@pytest.mark.parametrize(
    ("answers", "waits", "kind"),
    [
        ([BAD], [7, 9, 11, 13, 15], ServiceError),
        ([httpx.ConnectError("down")], [7, 9, 11, 13, 15], NetworkError),
        ([BAD, PENDING, BAD], [7, 5, 7, 9, 11, 13, 15], ServiceError),
        ([{}], [7, 9], ServiceError),
        ([{"message": "what"}], [7, 9], ServiceError),
        ([httpx.Response(200, text="[]")], [7, 9], ServiceError),
        ([{"access_token": ""}], [7, 9], ServiceError),
        ([{"access_token": None}], [7, 9], ServiceError),
        ([BAD, {}, BAD, {}, {}, {}], [7, 9, 11, 13, 15], ServiceError),
    ],
)
def test_failures_that_do_not_pass_end_it(
    answers: list[Answer], waits: list[float], kind: type[CopilotChatError]
) -> None:
    """Five failures in a row are survived, of malformed replies two; the next one is exit 6."""
    clock = Clock()
    with pytest.raises(kind) as caught:
        wait(*answers, clock=clock)
    assert type(caught.value) is kind
    assert caught.value.exit_code == 6
    assert clock.waits == waits
    assert "github.com" in caught.value.message


def test_a_network_failure_keeps_its_cause() -> None:
    """The last failure of the network is what the error was raised from."""
    failure = httpx.ConnectError("down")
    with pytest.raises(NetworkError) as caught:
        wait(failure)
    assert caught.value.__cause__ is failure


@pytest.mark.parametrize(
    "reply",
    [
        {"access_token": "ghu_madeUp\r\nX-Evil: 1"},
        {"access_token": "ghu_madeUp\x1b[2J"},
        {"access_token": "ghu_madeÜp0000000000"},
        {"access_token": TOKEN, "refresh_token": "ghr_made\x00Up"},
    ],
    ids=["newline", "escape", "letter", "refresh"],
)
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(reply: dict[str, str]) -> None:
    """A token with control characters ends the login with exit 6 and without its value."""
    with pytest.raises(ServiceError) as caught:
        wait(reply)
    assert caught.value.exit_code == 6
    assert "made" not in str(caught.value) + repr(caught.value)


# --- the life of the code ------------------------------------------------------------------------


def polled(
    *answers: Answer, life: float, interval: float, cost: float = 0.0
) -> tuple[list[float], Clock]:
    """Poll until the code expires: when the polls went out, and the clock at the end."""
    clock = Clock()
    server = Server(*answers, clock=clock, cost=cost)
    with pytest.raises(CodeExpired):
        wait_for_grant(
            server.client,
            BASE,
            code(expires_in=life, interval=interval),
            client_id="x",
            sleep=clock.sleep,
            monotonic=clock.monotonic,
        )
    return server.times, clock


@pytest.mark.parametrize("cost", [0.0, 0.3, 4.0, 20.0])
@pytest.mark.parametrize("interval", [0.5, 1.0, 5.0, 7.0, 60.0])
@pytest.mark.parametrize("life", [3.0, 12.0, 60.0, 900.0])
def test_polls_keep_the_pace_until_no_further_one_fits(
    life: float, interval: float, cost: float
) -> None:
    """Every wait is the interval, none goes beyond the life; what is left of it is slept out."""
    times, clock = polled(PENDING, life=life, interval=interval, cost=cost)
    *between, last = clock.waits
    assert between == [interval] * (len(times) - 1)
    assert last <= interval
    assert times == pytest.approx([n * (interval + cost) for n in range(len(times))])
    assert times[-1] < life
    answered = times[-1] + cost
    assert answered + interval >= life - 1e-6
    assert clock.now - 1000.0 == pytest.approx(max(life, answered))


@pytest.mark.parametrize(
    ("answers", "life", "interval", "cost", "times", "waits"),
    [
        pytest.param([PENDING], 20, 5, 0, [0, 5, 10, 15], [5, 5, 5, 5], id="at its very end"),
        pytest.param([PENDING], 20, 5, 0.5, [0, 5.5, 11, 16.5], [5, 5, 5, 3], id="slow replies"),
        pytest.param([PENDING], 7, 2, 0, [0, 2, 4, 6], [2, 2, 2, 1], id="a second is left"),
        pytest.param([PENDING], 4, 3, 0, [0, 3], [3, 1], id="no early poll"),
        pytest.param([slow(), PENDING], 10, 4, 0, [0, 9], [9, 1], id="slow_down"),
        pytest.param([slow(30), PENDING], 10, 4, 0, [0], [10], id="slow_down beyond the end"),
        pytest.param([PENDING], 3, 5, 0, [0], [3], id="shorter than an interval"),
        pytest.param([PENDING], 3, 5, 4, [0], [0], id="over before the first reply"),
    ],
)
def test_the_last_polls_of_a_code(
    answers: list[Answer],
    life: float,
    interval: float,
    cost: float,
    times: list[float],
    waits: list[float],
) -> None:
    """The last poll is the last that is on time; then the code's life is slept out."""
    got, clock = polled(*answers, life=life, interval=interval, cost=cost)
    assert (got, clock.waits) == (times, waits)


def test_the_screen_hears_how_long_the_code_still_lives() -> None:
    """After the last poll the wait that is told is what is left, not an interval."""
    polls: list[Poll] = []
    with pytest.raises(CodeExpired):
        wait(PENDING, on_poll=polls.append, expires_in=7.0)
    assert polls == [Poll("pending", 5), Poll("pending", 2)]


def test_a_network_that_stays_away_does_not_outlive_the_code() -> None:
    """Growing waits end with the code's life, too."""
    clock = Clock()
    with pytest.raises(CodeExpired):
        wait(BAD, clock=clock, expires_in=20.0)
    assert clock.waits == [7, 9, 4]


def test_ctrl_c_in_a_wait_is_not_held_back() -> None:
    """KeyboardInterrupt of the sleep goes through."""

    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait_for_grant(
            Server(PENDING).client, BASE, code(), client_id="x", sleep=sleep, monotonic=lambda: 0.0
        )


# --- refresh -------------------------------------------------------------------------------------


def renew(reply: Answer) -> Grant:
    return refresh(Server(reply).client, BASE, client_id="x", refresh_token=Secret(REFRESH))


def test_a_refresh_gives_a_new_pair() -> None:
    """The request carries the refresh token and no secret of an app; the reply is a grant."""
    new = REFRESH.replace("0", "1")
    server = Server({**GRANTED, "refresh_token": new, "expires_in": 28800})
    grant = refresh(server.client, BASE, client_id="x", refresh_token=Secret(REFRESH))
    assert grant == Grant(Secret(TOKEN), "bearer", "read:user", Secret(new), 28800.0, None)
    assert server.forms == [
        {"client_id": "x", "grant_type": "refresh_token", "refresh_token": REFRESH}
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "exit_code"),
    [
        ({"error": "bad_refresh_token"}, SignInError, 3),
        ({"error": "odd", "error_description": f"what is {REFRESH}"}, SignInError, 3),
        ({"error": "incorrect_client_credentials"}, SettingsError, 2),
        (httpx.Response(429), LimitError, 5),
        (BAD, ServiceError, 6),
        ({}, ServiceError, 6),
        (httpx.ConnectError("down"), NetworkError, 6),
    ],
)
def test_a_refresh_that_fails(reply: Answer, kind: type[CopilotChatError], exit_code: int) -> None:
    """Each failure has its class, and the token is not told."""
    with pytest.raises(kind) as caught:
        renew(reply)
    assert type(caught.value) is kind
    assert caught.value.exit_code == exit_code
    assert REFRESH not in str(caught.value)


# --- the page ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://github.com/login/device", BASE),
        ("https://GitHub.com:443/login/device", BASE),
        ("https://acme.ghe.com/login/device", "https://acme.ghe.com"),
        ("http://127.0.0.1:8123/login/device", "http://127.0.0.1:8123"),
        ("http://localhost:1/x", "http://127.0.0.1:8123"),
        ("http://[::1]:1/x", "http://localhost"),
    ],
)
def test_pages_that_may_be_opened(address: str, base: str) -> None:
    """https on the login host is opened, and http where both are loopback."""
    assert opens(address, base) == address


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://github.com/login/device", BASE),
        ("https://github.com.evil.example/login/device", BASE),
        ("https://evil.example/github.com", BASE),
        ("https://github.com@evil.example/", BASE),
        ("https://user@github.com/", BASE),
        ("https://evil.example\\@github.com/", BASE),
        ("https://github.com:8443/login/device", BASE),
        ("https://github.com:99999/", BASE),
        ("https://gist.github.com/", BASE),
        ("https://github.com/\nlogin", BASE),
        ("https://gıthub.com/login", BASE),
        ("file:///etc/passwd", BASE),
        ("javascript:alert(1)", BASE),
        ("https://[::1/", BASE),
        ("", BASE),
        ("http://127.0.0.1:1/login/device", BASE),
        ("http://127.evil.example/login/device", "http://127.0.0.1:8123"),
        ("http://example.com/login/device", "http://127.0.0.1:8123"),
    ],
)
def test_pages_that_are_never_opened(address: str, base: str) -> None:
    """Anything else is shown at most."""
    assert opens(address, base) is None


# --- against the simulator -----------------------------------------------------------------------


def simulated(
    scenario: Scenario, *, at: dict[float, Callable[[Simulator, DeviceCode], None]] | None = None
) -> tuple[Grant, list[float], Simulator]:
    """Sign in at the simulator; `at` says what happens there at which second of the code's life."""
    clock = Clock()
    simulator = Simulator(scenario, now=clock.monotonic)
    happenings = sorted((at or {}).items())

    def sleep(seconds: float) -> None:
        end = clock.now + seconds
        while happenings and 1000.0 + happenings[0][0] <= end:
            when, happen = happenings.pop(0)
            clock.now = max(clock.now, 1000.0 + when)
            happen(simulator, got)
        clock.waits.append(round(seconds, 3))
        clock.now = end

    with httpx.Client(transport=simulator.transport()) as client:
        got = request_code(client, BASE, client_id=CLIENT, scope="read:user")
        grant = wait_for_grant(
            client, BASE, got, client_id=CLIENT, sleep=sleep, monotonic=clock.monotonic
        )
    return grant, clock.waits, simulator


def approve(simulator: Simulator, shown: DeviceCode) -> None:
    assert simulator.approve(shown.user_code)


def deny(simulator: Simulator, shown: DeviceCode) -> None:
    assert simulator.deny(shown.user_code)


def test_the_simulator_takes_the_first_poll_and_the_pace() -> None:
    """An approval after 12 seconds is found by the poll at 15, and no poll was too soon."""
    grant, waits, _ = simulated(Scenario(), at={12.0: approve})
    assert grant.token.reveal().startswith("ghu_")
    assert waits == [5, 5, 5]


def test_the_simulator_s_last_poll_counts() -> None:
    """An approval just before the last poll that is on time is still found."""
    grant, waits, _ = simulated(Scenario(), at={894.5: approve})
    assert grant.token.reveal().startswith("ghu_")
    assert sum(waits) == 895


def test_an_approval_in_the_simulator_s_last_second_is_too_late() -> None:
    """No poll is early to catch it: the code has expired."""
    with pytest.raises(CodeExpired):
        simulated(Scenario(), at={899.0: approve})


def test_the_simulator_denies() -> None:
    """A denial on the page ends the login."""
    with pytest.raises(SignInError, match="denied"):
        simulated(Scenario(), at={1.0: deny})


def test_the_simulator_s_code_expires() -> None:
    """A code that nobody types ends with CodeExpired, when its life does."""
    with pytest.raises(CodeExpired):
        simulated(Scenario(expires_in=31))


def test_the_simulator_rotates_an_expiring_sign_in() -> None:
    """An expiring grant is refreshed once; its old refresh token is dead then."""
    grant, _, simulator = simulated(Scenario(expiring=True, auto_approve="at_once"))
    assert grant.refresh_token is not None
    assert (grant.expires_in, grant.refresh_expires_in) == (28800, 15897600)
    with httpx.Client(transport=simulator.transport()) as client:
        renewed = refresh(client, BASE, client_id=CLIENT, refresh_token=grant.refresh_token)
        assert renewed.token != grant.token
        with pytest.raises(SignInError):
            refresh(client, BASE, client_id=CLIENT, refresh_token=grant.refresh_token)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [(Scenario(client_ids=frozenset()), "client id"), (Scenario(device_flow=False), "off")],
)
def test_the_simulator_refuses_a_client(scenario: Scenario, words: str) -> None:
    """An unknown client id and a switched-off flow are settings errors."""
    with pytest.raises(SettingsError, match=words):
        simulated(scenario)


def test_the_simulator_s_bad_gateways_and_slow_downs_are_survived() -> None:
    """Two HTML pages, a cut connection and a slow_down in the middle cost time, not the login."""

    def trouble(simulator: Simulator, shown: DeviceCode) -> None:
        simulator.fault("device_token", status=502, body="<html>bad gateway</html>", times=2)
        simulator.fault("device_token", drop=True)
        simulator.fault("device_token", error="slow_down", interval=12)

    grant, waits, _ = simulated(Scenario(), at={1.0: trouble, 60.0: approve})
    assert grant.token.reveal().startswith("ghu_")
    assert waits == [5, 7, 9, 11, 12, 12, 12]
