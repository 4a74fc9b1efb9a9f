"""The model list, fetched: `GET {api}/models`. What its items mean is `models.py`."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.outages import outages
from copilot_cli.engines.refusal import Refusal, refusal_of
from copilot_cli.engines.statuses import failure
from copilot_cli.errors import CopilotChatError, ServiceError

VERSION = "2025-05-01"
"""`X-GitHub-Api-Version` of the model list (microsoft/vscode-copilot-chat)."""

MAX_BODY = 8 * 1024 * 1024
"""The most bytes of a model list; one of a hundred models has a tenth of a megabyte."""


def fetch_models(
    client: httpx.Client, api: str, headers: Mapping[str, str], *, now: float
) -> dict[str, Any]:
    """Return the model list of `api` as the service sent it; `headers` hold the credential.

    Raises `Failure`. `now` is in unix seconds.
    """
    asked = {"OpenAI-Intent": "model-access", "X-GitHub-Api-Version": VERSION, **headers}
    reply = fetch(client, api + "/models", asked, now=now)
    if not isinstance(reply, dict) or not isinstance(reply.get("data"), list):
        raise Failure(ServiceError("the model list is not what it should be"))
    return reply


def fetch(client: httpx.Client, url: str, headers: Mapping[str, str], *, now: float) -> object:
    """Return the JSON value at `url`, None where it is none, as `fetch_models` does."""
    body = bytearray()
    sent = {**headers, "Accept": "application/json"}
    with outages(url), client.stream("GET", url, headers=sent) as response:
        if response.status_code != 200:
            raise _refused(refusal_of(response, now))
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                raise Failure(CopilotChatError("the model list is larger than 8 MiB; stopped"))
    try:
        value: object = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value


def _refused(refusal: Refusal) -> Failure:
    """Return what `refusal` means of a list: where it is missing, it cannot be what helps."""
    found = failure(refusal)
    if refusal.status == 404:
        found.error.hint = "look at copilot_api_url; -vv shows all that the service said"
    return found
