"""The device login of the simulated GitHub: RFC 8628 as github.com speaks it.

https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from copilot_cli.simulator.accounts import ACCESS_LIFE, REFRESH_LIFE, Accounts, GitHubToken
from copilot_cli.simulator.hosts import Place
from copilot_cli.simulator.reply import Reply, Request, form_or_json
from copilot_cli.simulator.scenario import Scenario

GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1: no vowels, so no words
_SLACK: Final = 0.01  # seconds of rounding that a poll may come early
_DOCS: Final = "https://docs.github.com/developers/apps/authorizing-oauth-apps"

_SAID: Final = {
    "authorization_pending": "The authorization request is still pending.",
    "slow_down": "Too many requests have been made in the same timeframe.",
    "expired_token": "The device_code has expired.",
    "access_denied": "The authorization request was denied.",
    "incorrect_device_code": "The device_code provided is not valid.",
    "incorrect_client_credentials": "The client_id passed is incorrect.",
    "unsupported_grant_type": "The grant_type is not supported.",
    "device_flow_disabled": "Device Flow must be explicitly enabled for this App",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
}


@dataclass
class Login:
    """One device code on its way. `state` is pending, approved, denied or used."""

    device_code: str
    user_code: str
    client_id: str
    scope: str
    domain: str
    interval: int
    expires: float
    state: str = "pending"
    login: str = ""
    polls: int = 0
    last_poll: float | None = None


class DeviceLogin:
    """The two endpoints of the flow, and what the person does on the device page."""

    def __init__(self, scenario: Scenario, accounts: Accounts, now: Callable[[], float]) -> None:
        self._scenario = scenario
        self._accounts = accounts
        self._now = now
        self._logins: dict[str, Login] = {}

    def request_code(self, request: Request, place: Place) -> Reply:
        """POST /login/device/code."""
        asked = request.form()
        client_id = asked.get("client_id", "")
        if not self._knows(client_id):
            return form_or_json({"error": "Not Found"}, request, 404)
        if not self._scenario.device_flow:
            return form_or_json(_error("device_flow_disabled"), request, 400)
        code = "".join(secrets.choice(_LETTERS) for _ in range(8))
        login = Login(
            secrets.token_hex(20),
            f"{code[:4]}-{code[4:]}",
            client_id,
            asked.get("scope", ""),
            place.domain,
            self._scenario.interval,
            self._now() + self._scenario.expires_in,
        )
        self._logins[login.device_code] = login
        self._accounts.homes[login.device_code] = place.domain
        base = request.origin if place.room == "any" else f"https://{place.domain}"
        said = {
            "device_code": login.device_code,
            "user_code": login.user_code,
            "verification_uri": f"{base}/login/device",
            "expires_in": self._scenario.expires_in,
            "interval": login.interval,
        }
        return form_or_json(said, request)

    def token(self, request: Request, place: Place) -> Reply:
        """POST /login/oauth/access_token: a poll, or a refresh. Errors come with HTTP 200."""
        asked = request.form()
        if not self._knows(asked.get("client_id", "")):
            return form_or_json(_error("incorrect_client_credentials"), request)
        grant = asked.get("grant_type")
        if grant == GRANT:
            return form_or_json(self._poll(asked, place), request)
        if grant == "refresh_token":
            token = self._accounts.rotate(asked.get("refresh_token", ""), place.domain)
            said = _error("bad_refresh_token") if token is None else _granted(token)
            return form_or_json(said, request)
        return form_or_json(_error("unsupported_grant_type"), request)

    def _knows(self, client_id: str) -> bool:
        return client_id in self._scenario.client_ids or client_id.startswith("Ov23li")

    def _poll(self, asked: dict[str, str], place: Place) -> dict[str, Any]:
        login = self._logins.get(asked.get("device_code", ""))
        known = login is not None and login.domain == place.domain
        if login is None or not known or login.client_id != asked["client_id"]:
            return _error("incorrect_device_code")
        if login.state == "used":
            return _error("incorrect_device_code")
        now = self._now()
        previous, login.last_poll = login.last_poll, now
        if now >= login.expires:
            return _error("expired_token")
        if previous is not None and now - previous < login.interval - _SLACK:
            login.interval += 5
            return _error("slow_down") | {"interval": login.interval}
        self._approve_by_itself(login)
        login.polls += 1
        return self._outcome(login)

    def _approve_by_itself(self, login: Login) -> None:
        after = self._scenario.auto_approve
        due = after == "at_once" or (isinstance(after, int) and login.polls >= after)
        if due and login.state == "pending":
            login.state, login.login = "approved", self._scenario.login

    def _outcome(self, login: Login) -> dict[str, Any]:
        if login.state == "pending":
            return _error("authorization_pending")
        if login.state == "denied":
            return _error("access_denied")
        login.state = "used"
        kind = self._scenario.token_kind
        return _granted(self._accounts.issue(login.login, kind, login.domain, login.scope))

    def find(self, user_code: str) -> Login | None:
        """The pending login of a code as a person types it: any case, hyphen or not."""
        typed = re.sub(r"[^A-Z0-9]", "", user_code.upper())
        return next((it for it in self.pending() if it.user_code.replace("-", "") == typed), None)

    def pending(self) -> list[Login]:
        """The logins that wait for a person, oldest first."""
        now = self._now()
        return [it for it in self._logins.values() if it.state == "pending" and now < it.expires]

    def decide(self, user_code: str, *, approve: bool, login: str | None = None) -> bool:
        """Approve or deny; False if no login waits under this code."""
        found = self.find(user_code)
        if found is None:
            return False
        found.state = "approved" if approve else "denied"
        found.login = login or self._scenario.login
        return True


def _error(error: str) -> dict[str, Any]:
    return {"error": error, "error_description": _SAID[error], "error_uri": _DOCS}


def _granted(token: GitHubToken) -> dict[str, Any]:
    said: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
    if token.refresh is not None:
        said |= {
            "expires_in": ACCESS_LIFE,
            "refresh_token": token.refresh,
            "refresh_token_expires_in": REFRESH_LIFE,
        }
    return said | {"scope": token.scope.replace(" ", ",")}
