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
_CLI_IDENTITY: Final = (None, "copilot-developer-cli")


class _Credential(NamedTuple):
    domain: str
    plan: str


def refusal(request: Request, place: Place, accounts: Accounts, scenario: Scenario) -> Reply | None:
    """Why the Copilot host does not take this request; None if it does."""
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
    return None


def _badly_formatted() -> Reply:
    return text_reply("bad request: Authorization header is badly formatted\n", 400)


def _exchanged(value: str, request: Request, accounts: Accounts) -> Reply | _Credential:
    token = accounts.copilot(value)
    if token is None:
        return text_reply("unauthorized: token expired\n", 401)
    editor = request.headers.get("editor-version", "")
    if not editor:
        return text_reply("bad request: missing Editor-Version header for IDE auth\n", 400)
    if not _EDITORS.fullmatch(editor):
        return text_reply("bad request: unknown Editor-Version header for IDE auth\n", 400)
    return _Credential(token.domain, token.plan)


def _as_bearer(
    value: str, request: Request, place: Place, accounts: Accounts, scenario: Scenario
) -> Reply | _Credential:
    kind = prefix(value)
    if kind == "ghp_":
        return text_reply(
            "bad request: Personal Access Tokens are not supported for this endpoint\n", 400
        )
    if kind not in ("gho_", "github_pat_"):
        return _badly_formatted()
    if accounts.github(value, place.domain) is None:
        return text_reply("unauthorized: AuthenticateToken authentication failed\n", 401)
    integration = request.headers.get("copilot-integration-id")
    owned = kind == "github_pat_" and integration is None
    if not request.headers.get("user-agent") or integration not in _CLI_IDENTITY or owned:
        return text_reply(_FORBIDDEN, 403)
    return _Credential(place.domain, scenario.plan)


def _misdirected(host: str, place: Place, credential: _Credential) -> bool:
    if place.domain != credential.domain:
        return place.room != "any"
    match = _PLAN_HOST.fullmatch(host)
    return match is not None and match[1] != tier(credential.plan)
