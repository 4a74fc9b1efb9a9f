"""The SDK's events as what an attempt hears: how the runtime's turn ended, and what it warns of.

Pure. What the model says is read from its reply, which passes through us, so the deltas that the
runtime makes of it are not looked at; nor is what else it tells, in a hundred kinds of events.
"""

from collections.abc import Callable
from typing import Any

from copilot_cli.engines.official import faults
from copilot_cli.engines.official.attempt import Item, Settled
from copilot_cli.messages import Notice
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line


def item_of(kind: str, data: Any) -> Item | None:
    """Return what the event `kind` with its `data` means, None for nothing."""
    read = _READERS.get(kind)
    return read(data) if read is not None else None


def _idle(_data: Any) -> Item:
    return Settled()


def _error(data: Any) -> Item:
    code = data.error_code
    return Settled(faults.of_session(data.error_type, data.status_code, code, data.message))


def _retry(data: Any) -> Item:
    return Settled(faults.by_itself(data.reason))


def _warning(data: Any) -> Item:
    return Notice(f"GitHub's runtime: {safe_line(redact(data.message), 200)}")


_READERS: dict[str, Callable[[Any], Item]] = {
    "assistant.turn_retry": _retry,
    "session.error": _error,
    "session.idle": _idle,
    "session.warning": _warning,
}
