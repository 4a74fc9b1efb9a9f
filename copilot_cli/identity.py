"""Who we say we are to Copilot: the headers of each mode, and their source and date.

Rule: the parts of the two modes are never mixed. The exchanged token belongs to the editor sign-in,
and the service answers it only where the headers hang together: an editor it knows, an integration
it knows (missing: 400, foreign: 403). The values are those in use by other clients of the same
sign-in, read in `AS_OF`. The service retires old ones with 466; then the setting `editor_identity`
replaces them without a release of ours. A GitHub token that is itself the bearer goes with our own
name and no editor's: that is what opencode does with the sign-in of its own app. Fine-grained and
Actions tokens belong to the official command line, whose integration id they want; a company's own
GitHub (ghe.com) refuses it (openclaw#127287).
"""

from collections.abc import Mapping

from copilot_cli import __version__

AS_OF = "2025-05"
"""When the values below were current; `SOURCE` says where they were read."""

SOURCE = "ericc-ch/copilot-api, BerriAI/litellm and NousResearch/hermes-agent"

VALUES = {
    "editor_version": "vscode/1.99.3",
    "editor_plugin_version": "copilot-chat/0.26.7",
    "user_agent": "GitHubCopilotChat/0.26.7",
    "integration_id": "vscode-chat",
}

_HEADERS = {
    "editor_version": "Editor-Version",
    "editor_plugin_version": "Editor-Plugin-Version",
    "user_agent": "User-Agent",
    "integration_id": "Copilot-Integration-Id",
}

USER_AGENT = f"copilot-chat/{__version__}"
"""Our own name, for whatever is not said in an editor's."""

_CLI_INTEGRATION = "copilot-developer-cli"
_CLI_KINDS = ("github_pat_", "ghs_")


def exchange_headers(overrides: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the identity of the exchange mode.

    `overrides` (the setting `editor_identity`) replaces values by name; `extra`
    (`GITHUB_COPILOT_EXTRA_HEADERS`) adds headers or replaces them, whatever their case.
    """
    headers = {_HEADERS[key]: overrides.get(key, value) for key, value in VALUES.items()}
    return _with(headers, extra)


def bearer_headers(kind: str, host: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the identity of the bearer mode for a GitHub token whose prefix is `kind`.

    `host` is the GitHub it is for; `extra` as in `exchange_headers`.
    """
    headers = {"User-Agent": USER_AGENT}
    if kind in _CLI_KINDS and not host.endswith(".ghe.com"):
        headers["Copilot-Integration-Id"] = _CLI_INTEGRATION
    return _with(headers, extra)


def _with(headers: dict[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    for name, value in extra.items():
        for known in [key for key in headers if key.lower() == name.lower()]:
            del headers[known]
        headers[name] = value
    return headers
