"""What a refusal of a person's own endpoint means, where Copilot's words would mislead.

`explained` takes the failure that `statuses.py` made of it and, where a row here fits, says what is
wrong in terms of the endpoint: its address, its key and where both are set. Read from the top.
Sources: the error pages of OpenAI, Azure OpenAI and Anthropic; ollama and vLLM for the rest.
"""

from collections.abc import Collection
from typing import NamedTuple

from copilot_cli.engines.endpoint import Endpoint
from copilot_cli.engines.failure import Failure
from copilot_cli.engines.refusal import Refusal
from copilot_cli.engines.statuses import SHOWN
from copilot_cli.errors import (
    CopilotChatError,
    ModelUnavailable,
    NotAllowedError,
    QuotaError,
    SignInError,
)
from copilot_cli.patterns import pattern
from copilot_cli.ui.safe import safe_line

_COPILOTS = pattern(
    r"(?i)onboard|github|copilot_api_url|editor_identity|copilot-chat usage|EXTRA_HEADERS"
)
"""What only helps with Copilot itself."""

_COPILOT_KINDS = frozenset({"token_kind", "token_permission", "identity", "misdirected"})


class Row(NamedTuple):
    """One meaning, as `status_table.Row`; `{name}`, `{host}`, `{key}` and `{set}` are filled in."""

    says: str
    error: type[CopilotChatError]
    codes: Collection[str] = ()
    statuses: Collection[int] = ()
    texts: tuple[str, ...] = ()
    hint: str | None = None
    kind: str | None = None


_ACCOUNT = "look at your account at {host}"
_KEY = "{key}"
_LISTED = "`copilot-chat models` lists those of {name}"

TABLE = (
    Row("the quota at {host} is used up", QuotaError, hint=_ACCOUNT,
        codes=("insufficient_quota", "billing_hard_limit_reached", "billing_error"),
        statuses=(402,)),
    Row("the quota at {host} is used up", QuotaError, hint=_ACCOUNT,
        statuses=(400,), texts=("credit balance is too low",)),
    Row("{name} has no such model", ModelUnavailable, hint=_LISTED,
        codes=("model_not_found", "DeploymentNotFound")),
    Row("{name} has no such model", ModelUnavailable, hint=_LISTED,
        statuses=(404,), texts=("model", "deployment")),
    Row("{host} knows no such address", CopilotChatError, hint="look at its address, of {set}",
        statuses=(404, 405)),
    Row("{host} refused the key of {name}", SignInError, statuses=(401,), hint=_KEY, kind="key"),
    Row("{host} refused the key of {name}", SignInError, statuses=(400, 403), hint=_KEY,
        kind="key", codes=("invalid_api_key",), texts=("api key", "api-key", "x-api-key")),
    Row("{host} does not allow this", NotAllowedError, statuses=(403,), hint=_ACCOUNT),
)  # fmt: skip


def explained(failure: Failure, endpoint: Endpoint, host: str) -> Failure:
    """Return `failure` in terms of `endpoint`, which is at `host`."""
    refusal = failure.refusal
    row = None if refusal is None else next((r for r in TABLE if _fits(r, refusal)), None)
    if row is not None and refusal is not None:
        return _failure(row, refusal, endpoint, host)
    error = failure.error
    if error.kind in _COPILOT_KINDS and refusal is not None:
        return _failure(
            Row("{host} refused the request", CopilotChatError), refusal, endpoint, host
        )
    error.message = error.message.replace("not a Copilot answer", "not the answer of a model")
    error.args = (error.message,)
    if error.hint and _COPILOTS.search(error.hint):
        error.hint = None
    return failure


def _fits(row: Row, refusal: Refusal) -> bool:
    if refusal.code in row.codes:
        return True
    text = refusal.text.lower()
    return refusal.status in row.statuses and (
        not row.texts or any(part in text for part in row.texts)
    )


def _failure(row: Row, refusal: Refusal, endpoint: Endpoint, host: str) -> Failure:
    def filled(text: str) -> str:
        text = text.replace("{key}", _key_hint(endpoint)).replace("{set}", endpoint.where)
        return text.replace("{name}", endpoint.name).replace("{host}", host)

    # What is said of a key repeats the start of it, at OpenAI and where it is imitated.
    quoted = "" if row.kind == "key" else safe_line(refusal.text, SHOWN)
    said = f": {quoted}" if quoted else ""
    request = f", request {refusal.request_id}" if refusal.request_id else ""
    status = f" (status {refusal.status}{request})" if refusal.status != 200 else ""
    error = row.error(
        f"{filled(row.says)}{said}{status}",
        hint=filled(row.hint) if row.hint else None,
        kind=row.kind,
        retry_after=refusal.after,
    )
    error.request_id = refusal.request_id
    found = Failure(error)
    found.refusal = refusal
    return found


def _key_hint(endpoint: Endpoint) -> str:
    if endpoint.where.startswith("the variable"):
        return "its key is that of COPILOT_PROVIDER_API_KEY or COPILOT_PROVIDER_BEARER_TOKEN"
    return f"`copilot-chat onboard --method byok --name {endpoint.name}` takes another key"
