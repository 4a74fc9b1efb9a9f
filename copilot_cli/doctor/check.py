"""The result of one check, and how a check says that it could not be made."""

from typing import Literal, NamedTuple

State = Literal["pass", "warn", "fail", "skip"]
STATES: tuple[State, ...] = ("pass", "warn", "fail", "skip")


class Check(NamedTuple):
    """What one check found: `fix` is what to do, None where there is nothing to do."""

    name: str
    state: State
    detail: str
    fix: str | None = None


class NotChecked(Exception):  # noqa: N818 - an answer, not a fault
    """A check could not be made; its text says why, as a clause."""
