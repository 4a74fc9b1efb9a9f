"""Who may ask the simulated Copilot host: the credential, the plan's host, the client's identity.

Two whole modes exist and may not be mixed: an exchanged token with an editor's identity, or the
GitHub token of an OAuth app (or a fine-grained one) as the bearer, with the CLI's identity or none.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from copilot_cli.simulator.accounts import Accounts, prefix
from copilot_cli.simulator.hosts import Place, tier
from copilot_cli.simulator.reply import Reply, Request, text_reply
from copilot_cli.simulator.scenario import Scenario

_EDITORS: Final = re.compile(
    r"(vscode|vscode-insiders|neovim|vim|zed|xcode|visualstudio|eclipse|emacs|jetbrains-\w+)/\S+",
    re.IGNORECASE,
)
_PLAN_HOST: Final = re.compile(r"api\.(\w+)\.githubcopilot\.com")
_FORBIDDEN: Final = (
    "Access to this endpoint is forbidden. Please review our Terms of Service "
    "(https://docs.github.com/site-policy/github-terms/github-terms-of-service).\n"
)
_NO_PERMISSION: Final = (
    "unauthorized: the personal access token does not have Copilot Requests permission\n"
)
_AS_BEARER: Final = ("gho_", "github_pat_", "ghs_")
RUNTIME: Final = "copilot-sdk"
"""The integration id of GitHub's own runtime where its SDK has started it."""

_COMMAND: Final = "copilot/"
_CLI_IDENTITY: Final = (None, "copilot-developer-cli", RUNTIME)


class Credential(NamedTuple):
    """Who asks: an account of an installation, and its plan."""

    domain: str
    login: str
    plan: str

    @property
    def owner(self) -> str:
        """The account, as one text."""
        return f"{self.login}@{self.domain}"


def admit(
    request: Request, place: Place, accounts: Accounts, scenario: Scenario
) -> Reply | Credential:
    """Who asks the Copilot host, or why it does not take this request."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return text_reply("unauthorized: AuthenticateToken authentication failed\n", 401)
    if scheme.lower() != "bearer" or not value.strip():
        return _badly_formatted()
    value = value.strip()
    if prefix(value):
        found = _as_bearer(value, request, place, accounts, scenario)
    else:
        found = _exchanged(value, request, accounts)
    if isinstance(found, Reply):
        return found
    if _misdirected(request.host, place, found):
        return text_reply("Misdirected Request\n", 421)
    return found


def is_of_github(request: Request) -> bool:
    """Whether a program of GitHub's own asks: the runtime that its SDK starts, or `copilot`."""
    headers = request.headers
    named = headers.get("user-agent", "").startswith(_COMMAND)
    return headers.get("copilot-integration-id") == RUNTIME or named


def _badly_formatted() -> Reply:
    return text_reply("bad request: Authorization header is badly formatted\n", 400)


def _exchanged(value: str, request: Request, accounts: Accounts) -> Reply | Credential:
    token = accounts.copilot(value)
    if token is None:
        return text_reply("unauthorized: token expired\n", 401)
    editor = request.headers.get("editor-version", "")
    if not editor:
        return text_reply("bad request: missing Editor-Version header for IDE auth\n", 400)
    if not _EDITORS.fullmatch(editor):
        return text_reply("bad request: unknown Editor-Version header for IDE auth\n", 400)
    return Credential(token.domain, token.login, token.plan)


def _as_bearer(
    value: str, request: Request, place: Place, accounts: Accounts, scenario: Scenario
) -> Reply | Credential:
    kind = prefix(value)
    if kind == "ghp_":
        return text_reply(
            "bad request: Personal Access Tokens are not supported for this endpoint\n", 400
        )
    integration = request.headers.get("copilot-integration-id")
    # Those show whatever token they were given as it is, that of an editor's app too.
    if kind not in _AS_BEARER and not (kind == "ghu_" and is_of_github(request)):
        return _badly_formatted()
    token = accounts.github(value, place.domain)
    if token is None:
        return text_reply("unauthorized: AuthenticateToken authentication failed\n", 401)
    if kind == "github_pat_" and not scenario.copilot_requests:
        return text_reply(_NO_PERMISSION, 401)
    owned = kind != "gho_" and integration is None
    if not request.headers.get("user-agent") or integration not in _CLI_IDENTITY or owned:
        return text_reply(_FORBIDDEN, 403)
    return Credential(place.domain, token.login, accounts.plan_of(token.login))


def _misdirected(host: str, place: Place, credential: Credential) -> bool:
    if place.domain != credential.domain:
        return place.room != "any"
    match = _PLAN_HOST.fullmatch(host)
    return match is not None and match[1] != tier(credential.plan)
