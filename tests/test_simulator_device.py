"""The simulated device login: what github.com answers to each step and to each mistake."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from tests.simulated import CLIENT_ID, GRANT, JSON, Plain


def test_code_reply_has_the_documented_shape() -> None:
    """A code is 40 characters for the machine, eight with a hyphen for the person."""
    said = Plain().code()
    assert len(said["device_code"]) == 40
    assert len(said["user_code"]) == 9
    assert said["user_code"][4] == "-"
    assert said["verification_uri"] == "https://github.com/login/device"
    assert (said["expires_in"], said["interval"]) == (900, 5)


@pytest.mark.parametrize("kind", ["form", "json"])
def test_request_may_be_a_form_or_json(kind: str) -> None:
    """Both kinds of body are read, as both are in use."""
    plain = Plain()
    body: Any = {"data" if kind == "form" else "json": {"client_id": CLIENT_ID}}
    url = "https://github.com/login/device/code"
    assert plain.http.post(url, headers=JSON, **body).status_code == 200


def test_reply_is_a_form_without_accept_json() -> None:
    """Who does not ask for JSON gets a form."""
    plain = Plain()
    url = "https://github.com/login/device/code"
    reply = plain.http.post(url, data={"client_id": CLIENT_ID}, headers={"accept": "*/*"})
    assert reply.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(reply.text)["interval"] == ["5"]


def test_verification_address_is_where_it_was_asked() -> None:
    """Through the loopback front the page is the front's own; a company's host has its own."""
    plain = Plain()
    url = "http://127.0.0.1:8123/login/device/code"
    reply = plain.http.post(url, data={"client_id": CLIENT_ID}, headers=JSON)
    assert reply.json()["verification_uri"] == "http://127.0.0.1:8123/login/device"
    assert plain.code("octo.ghe.com")["verification_uri"] == "https://octo.ghe.com/login/device"


@pytest.mark.parametrize(
    ("scenario", "client_id", "status", "error"),
    [
        pytest.param({}, "Iv1.unknown", 404, "Not Found", id="unknown client"),
        pytest.param({}, "", 404, "Not Found", id="no client"),
        pytest.param(
            {"device_flow": False}, CLIENT_ID, 400, "device_flow_disabled", id="switched off"
        ),
    ],
)
def test_code_request_is_refused(
    scenario: dict[str, Any], client_id: str, status: int, error: str
) -> None:
    """An unknown app and an app without the flow get no code."""
    url = "https://github.com/login/device/code"
    reply = Plain(**scenario).http.post(url, data={"client_id": client_id}, headers=JSON)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_own_oauth_apps_are_known() -> None:
    """A client id of the OAuth app form is taken, so that a person's own one can be tried."""
    assert "device_code" in Plain().code(client_id="Ov23liMadeUpForTests00")


def test_pending_then_approved_then_used() -> None:
    """A code gives its token exactly once, after the person approved."""
    plain = Plain()
    said = plain.code()
    code = said["device_code"]
    assert plain.poll(code)["error"] == "authorization_pending"
    assert plain.sim.pending() == [said["user_code"]]
    assert plain.sim.approve(said["user_code"].replace("-", "").lower())
    assert plain.sim.pending() == []
    plain.pass_time(5)
    granted = plain.poll(code)
    assert granted["access_token"].startswith("ghu_")
    assert (granted["token_type"], granted["scope"]) == ("bearer", "")
    assert "refresh_token" not in granted
    plain.pass_time(5)
    assert plain.poll(code)["error"] == "incorrect_device_code"


def test_first_poll_is_never_too_early() -> None:
    """A poll right behind the code is a normal poll; the spacing counts from the previous poll."""
    plain = Plain()
    assert plain.poll(plain.code()["device_code"])["error"] == "authorization_pending"


def test_poll_sooner_than_the_interval_slows_down_for_good() -> None:
    """Each early poll adds five seconds, and the new interval is the one in force."""
    plain = Plain()
    code = plain.code()["device_code"]
    plain.poll(code)
    plain.pass_time(4.9)
    early = plain.poll(code)
    assert (early["error"], early["interval"]) == ("slow_down", 10)
    plain.pass_time(9.9)
    assert plain.poll(code)["interval"] == 15
    plain.pass_time(15)
    assert plain.poll(code)["error"] == "authorization_pending"


def test_code_expires() -> None:
    """After its 900 seconds a code is dead, approved or not, and no longer waits."""
    plain = Plain()
    said = plain.code()
    plain.pass_time(900)
    assert plain.poll(said["device_code"])["error"] == "expired_token"
    assert not plain.sim.approve(said["user_code"])


def test_denied() -> None:
    """A denial is told as such."""
    plain = Plain()
    said = plain.code()
    assert plain.sim.deny(said["user_code"])
    assert plain.poll(said["device_code"])["error"] == "access_denied"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="grant"),
        pytest.param({"client_id": "Iv1.no"}, "incorrect_client_credentials", id="unknown app"),
        pytest.param({"client_id": "Ov23liOther"}, "incorrect_device_code", id="another app"),
        pytest.param({"device_code": "0" * 40}, "incorrect_device_code", id="unknown code"),
    ],
)
def test_poll_with_a_mistake(fields: dict[str, str], error: str) -> None:
    """Each wrong field of a poll gets the error that GitHub documents, at HTTP 200."""
    plain = Plain()
    said = plain.poll(plain.code()["device_code"], **fields)
    assert said["error"] == error
    assert said["error_description"]


def test_code_belongs_to_its_host() -> None:
    """A code of one installation is unknown to another."""
    plain = Plain()
    code = plain.code("octo.ghe.com")["device_code"]
    assert plain.poll(code)["error"] == "incorrect_device_code"
    assert plain.poll(code, "octo.ghe.com")["error"] == "authorization_pending"


@pytest.mark.parametrize(("after", "pending"), [("at_once", 0), (0, 0), (2, 2)])
def test_auto_approve(after: str | int, pending: int) -> None:
    """The scenario can approve by itself, at once or after so many pending polls."""
    plain = Plain(auto_approve=after)
    code = plain.code()["device_code"]
    for _ in range(pending):
        assert plain.poll(code)["error"] == "authorization_pending"
        plain.pass_time(5)
    assert "access_token" in plain.poll(code)


def test_oauth_app_tokens_name_their_scope() -> None:
    """A gho_ token carries the scopes that were asked for, separated by commas."""
    plain = Plain(token_kind="gho_", auto_approve="at_once")
    granted = plain.poll(plain.code(scope="read:user gist")["device_code"])
    assert granted["access_token"].startswith("gho_")
    assert granted["scope"] == "read:user,gist"
    assert plain.rest("/user", granted["access_token"]).headers["x-oauth-scopes"] == (
        "read:user, gist"
    )


def test_refresh_rotates_and_kills_the_old_pair() -> None:
    """A refresh gives a new pair; the old access and refresh tokens are dead at once."""
    plain = Plain(expiring=True, auto_approve="at_once")
    old = plain.poll(plain.code()["device_code"])
    assert (old["expires_in"], old["refresh_token_expires_in"]) == (28800, 15897600)
    new = plain.refresh(old["refresh_token"])
    assert new["access_token"] != old["access_token"]
    assert plain.rest("/user", old["access_token"]).status_code == 401
    assert plain.rest("/user", new["access_token"]).status_code == 200
    assert plain.refresh(old["refresh_token"])["error"] == "bad_refresh_token"
    assert "access_token" in plain.refresh(new["refresh_token"])


def test_expiring_token_expires_and_can_still_be_refreshed() -> None:
    """After eight hours the access token is dead, the refresh token lives on for months."""
    plain = Plain(expiring=True, auto_approve="at_once")
    granted = plain.poll(plain.code()["device_code"])
    plain.pass_time(28800)
    assert plain.rest("/user", granted["access_token"]).status_code == 401
    assert "access_token" in plain.refresh(granted["refresh_token"])


def test_refresh_token_expires() -> None:
    """A refresh token beyond its own life is as bad as a wrong one."""
    plain = Plain(expiring=True, auto_approve="at_once")
    granted = plain.poll(plain.code()["device_code"])
    plain.pass_time(15897600)
    assert plain.refresh(granted["refresh_token"])["error"] == "bad_refresh_token"


def test_revoking_a_refresh_token_ends_the_sign_in() -> None:
    """A revoked refresh token takes its access token along."""
    plain = Plain(expiring=True, auto_approve="at_once")
    granted = plain.poll(plain.code()["device_code"])
    assert plain.sim.revoke(granted["refresh_token"])
    assert plain.refresh(granted["refresh_token"])["error"] == "bad_refresh_token"
    assert plain.rest("/user", granted["access_token"]).status_code == 401
    assert not plain.sim.revoke(granted["refresh_token"])


def test_scripted_errors_come_before_the_normal_answer() -> None:
    """A 502 with HTML in the middle of polling does not change the login's state."""
    plain = Plain(auto_approve="at_once")
    code = plain.code()["device_code"]
    plain.sim.fault("device_token", status=502, body="<html>bad gateway</html>")
    plain.sim.fault("device_token", error="slow_down", interval=30)
    asked = {"client_id": CLIENT_ID, "device_code": code, "grant_type": GRANT}
    url = "https://github.com/login/oauth/access_token"
    reply = plain.http.post(url, data=asked, headers=JSON)
    assert isinstance(reply, httpx.Response)
    assert reply.status_code == 502
    assert reply.headers["content-type"].startswith("text/html")
    assert plain.poll(code)["interval"] == 30
    assert "access_token" in plain.poll(code)


def test_every_secret_given_out_is_known() -> None:
    """`secrets()` names device codes, access, refresh and Copilot tokens, for leak checks."""
    plain = Plain(expiring=True, auto_approve="at_once")
    code = plain.code()["device_code"]
    granted = plain.poll(code)
    copilot = plain.exchange(granted["access_token"]).json()["token"]
    given = {code, granted["access_token"], granted["refresh_token"], copilot}
    assert given == plain.sim.secrets()
