"""Who we say we are to Copilot: the identity headers, their source and their date.

The exchanged token belongs to the editor sign-in, and the service answers it only where the headers
hang together: an editor it knows, an integration it knows (missing: 400, foreign: 403). The values
are those in use by other clients of the same sign-in, read in `AS_OF`. The service retires old ones
with 466; then the setting `editor_identity` replaces them without a release of ours.
"""

from collections.abc import Mapping

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


def identity_headers(overrides: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the identity headers.

    `overrides` (the setting `editor_identity`) replaces values by name; `extra`
    (`GITHUB_COPILOT_EXTRA_HEADERS`) adds headers or replaces them, whatever their case.
    """
    headers = {_HEADERS[key]: overrides.get(key, value) for key, value in VALUES.items()}
    for name, value in extra.items():
        for known in [key for key in headers if key.lower() == name.lower()]:
            del headers[known]
        headers[name] = value
    return headers
