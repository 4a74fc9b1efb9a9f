"""What goes wrong with GitHub's runtime, as our errors: one decision each, by status or SDK type.

Rule: a message is never searched for words. What the service said has a status, and the table of
all engines decides (`statuses.py`); what the runtime itself says has a type, or none and no retry.
"""

from copilot_cli.engines.failure import ONCE, Failure, Retry
from copilot_cli.engines.refusal import MAX_TEXT, Refusal
from copilot_cli.engines.statuses import SHOWN, failure
from copilot_cli.errors import ServiceError, SettingsError
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line

KIND = "runtime"
AGAIN = Retry(2, pause=0.0)
"""What became of the runtime says nothing about the request: it is sent to a new one, at once."""

INSTALL = "`copilot-chat engine install` brings the one that fits; --engine direct does without it"
UPDATE = "it is GitHub's runtime that says who it is: a newer copilot-chat brings a newer one"

STATUSES = {
    # github/copilot-sdk, the session.error event: its types where no status came along.
    "authentication": 401,
    "authorization": 403,
    "policy": 403,
    "quota": 402,
    "rate_limit": 429,
    "context_limit": 413,
}


def no_sdk() -> SettingsError:
    """Return the error for a machine without the SDK."""
    return SettingsError(
        "the engine official needs GitHub's SDK, which is not installed",
        hint="pip install 'copilot-chat[official]'",
    )


def not_started(why: str, left: str = "") -> SettingsError:
    """Return the error for a program that did not start; `left` is why it could not be ended."""
    message = f"GitHub's runtime did not start: {why}"
    if left:
        message += f"; and it could not be ended: {left}"
    return SettingsError(message, hint=INSTALL, kind=KIND)


def ended(code: int | None) -> Failure:
    """Return the failure of an answer whose runtime ended with `code`, None where unknown."""
    how = "" if code is None else f" ({_ending(code)})"
    return _lost(f"GitHub's runtime has ended{how}")


def hung(what: str, seconds: float) -> Failure:
    """Return the failure of a runtime that left `what` without an answer, and was killed."""
    return _lost(f"GitHub's runtime did not answer within {seconds:g} s ({what}) and was ended")


def refused(what: str, error: Exception) -> Failure:
    """Return the failure of a call that the runtime refused, in words that have no type."""
    return Failure(ServiceError(f"GitHub's runtime refused {what}: {said(error)}", kind=KIND))


def by_itself(reason: str | None) -> Failure:
    """Return the failure of a reply that the runtime gave up, to ask for another by itself."""
    why = f": {safe_line(redact(reason), 60)}" if reason else ""
    error = ServiceError(f"GitHub's runtime gave the reply up{why}", kind=KIND)
    error.outage = True
    return Failure(error, ONCE)


def unheard() -> Failure:
    """Return the failure of an answer whose request did not pass through us.

    Nobody could say what the model was told then.
    """
    return Failure(
        ServiceError("GitHub's runtime ended the turn and asked no model", kind=KIND, hint=INSTALL)
    )


def of_session(kind: str, status: int | None, code: str | None, message: str) -> Failure:
    """Return what an error that the runtime reports means, by its status or else by its type."""
    text = redact(message[:MAX_TEXT])
    if status is None:
        status = STATUSES.get(kind)
    if status is None:
        return Failure(ServiceError(f"GitHub's runtime: {safe_line(text, SHOWN)}", kind=KIND))
    return failure(Refusal(status, code or "", text))


def of_its_own(failure: Failure, hint: str) -> Failure:
    """Return `failure`, with `hint` where the identity is refused: it is GitHub's program's own.

    No setting of ours changes what that calls itself.
    """
    from copilot_cli.engines.status_table import IDENTITY

    if failure.error.hint == IDENTITY:
        failure.error.hint = hint
    return failure


def said(error: BaseException) -> str:
    """Return the words of a foreign exception, as a line without secrets."""
    return safe_line(redact(str(error)), SHOWN) or type(error).__name__


def _lost(message: str) -> Failure:
    error = ServiceError(message, kind=KIND, hint="ask again: it is started anew")
    error.outage = True
    return Failure(error, AGAIN)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
