"""Consent to a model's terms: `POST {api}/models/{id}/policy`.

Rule: it is the person's acceptance of those terms, so nobody calls this who has not shown them.
Sources: CopilotChat.nvim and badlogic/pi-mono, 2026.
"""

from collections.abc import Mapping
from urllib.parse import quote

import httpx

from copilot_cli.engines.failure import Failure
from copilot_cli.engines.model_list import VERSION
from copilot_cli.engines.outages import outages
from copilot_cli.engines.refusal import refusal_of
from copilot_cli.engines.statuses import failure
from copilot_cli.errors import NotAllowedError


def enable(
    client: httpx.Client, api: str, headers: Mapping[str, str], model: str, *, now: float
) -> None:
    """Accept the terms of `model` at `api`; `headers` hold the credential.

    Raises `Failure`; a block by the person's organisation is a `NotAllowedError`. `now` is in unix
    seconds.
    """
    url = f"{api}/models/{quote(model, safe='')}/policy"
    sent = {
        "OpenAI-Intent": "chat-policy",
        "X-GitHub-Api-Version": VERSION,
        **headers,
        "Accept": "application/json",
    }
    with (
        outages(url),
        client.stream("POST", url, headers=sent, json={"state": "enabled"}) as response,
    ):
        if response.is_success:
            return
        refused = failure(refusal_of(response, now))
        if response.status_code == 403:
            raise Failure(_blocked(model, refused)) from None
        raise refused


def _blocked(model: str, refused: Failure) -> NotAllowedError:
    said = refused.error.message
    return NotAllowedError(
        f"{model} cannot be enabled by you: {said}",
        hint="in an organisation its owners decide; ask them to enable the model",
        kind="policy",
    )
