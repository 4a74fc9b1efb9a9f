"""What a refusal of the Copilot host means: one decision from (status, code, text).

`failure()` turns a `Refusal` into a `Failure`: the error for the person, and the rule by which the
same request may be sent again. What is decided stands in `status_table.py`; this file only looks it
up, and is imported before anything has failed.
"""

from typing import TYPE_CHECKING

from copilot_cli.engines.failure import Failure, Retry
from copilot_cli.engines.refusal import Refusal
from copilot_cli.errors import CopilotChatError, TooLongError
from copilot_cli.ui.safe import safe_line

if TYPE_CHECKING:
    from copilot_cli.engines.status_table import Row

SHOWN = 200
"""The most characters of a foreign text that a message repeats."""


def failure(refusal: Refusal) -> Failure:
    """Return what `refusal` means. The message holds at most 200 characters of the service's."""
    row = _row(refusal)
    error = _error(row, refusal)
    error.request_id = refusal.request_id
    error.retry_after = refusal.after
    error.outage = row.outage
    found = row.failure(error, _rule(row.retry, refusal.after))
    found.refusal = refusal
    return found


def _row(refusal: Refusal) -> "Row":
    from copilot_cli.engines.status_table import TABLE

    return next((row for row in TABLE if _fits(row, refusal)), TABLE[-1])


def _fits(row: "Row", refusal: Refusal) -> bool:
    if _code(refusal) not in row.codes and refusal.status not in row.statuses:
        return False
    text = refusal.text.lower()
    if row.limits:
        return refusal.after is not None or refusal.limited or "rate limit" in text
    return not row.texts or any(part in text for part in row.texts)


def _code(refusal: Refusal) -> str:
    # A limit's code may carry the plan: "user_model_rate_limited:pro".
    return refusal.code.partition(":")[0]


def _rule(rule: Retry, after: float | None) -> Retry:
    return rule if after is None or not rule.times else rule._replace(after=after)


def _error(row: "Row", refusal: Refusal) -> CopilotChatError:
    if row.error is TooLongError:
        return _too_long(row, refusal)
    target = safe_line(refusal.target or "an address that it does not name", 100)
    what = row.says.replace("{target}", target)
    return row.error(_said(what, refusal), hint=row.hint, kind=row.kind)


def _too_long(row: "Row", refusal: Refusal) -> TooLongError:
    from copilot_cli.engines.token_counts import token_counts

    what = row.says
    if refusal.sent is not None:
        what += f", {refusal.sent:,} bytes were sent"
    counted, limit = token_counts(refusal.text)
    return TooLongError(_said(what, refusal), hint=row.hint, limit=limit, counted=counted)


def _said(what: str, refusal: Refusal) -> str:
    said = f": {safe_line(refusal.text, SHOWN)}" if refusal.text else ""
    details = [f"status {refusal.status}"] if refusal.status != 200 else []
    if refusal.request_id:
        details.append(f"request {safe_line(refusal.request_id, 64)}")
    return f"{what}{said}" + (f" ({', '.join(details)})" if details else "")
