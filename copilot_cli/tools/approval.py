"""The person's say in what a model runs: asked on the controlling terminal, never on stdin.

What is piped in is data, and may have been written by whoever wants the tool run; so a `y` in it is
no answer, and neither is one that was typed before the question stood on the screen. Where there is
no terminal nothing runs but what `--allow` names.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from copilot_cli.patterns import pattern
from copilot_cli.tools.calling import Decision
from copilot_cli.tools.tool import Effect, Tool
from copilot_cli.ui.safe import safe

MAX_SHOWN = 20_000
"""The most characters of a call that a person can be asked to agree to."""

_MANY = 10  # lines: so many may begin above what is on the screen
_AT_EACH_CALL: frozenset[Effect] = frozenset({"write", "run"})
_RETURN = "\N{SYMBOL FOR CARRIAGE RETURN}"
_UNSEEN = pattern("[\xad\u034f\u115f\u1160\u180e\u200b\u2060-\u2064\u206a-\u206f\u3164\uffa0]")
_DOES = {
    "read": "reads files of this folder",
    "fetch": "fetches from the network",
    "write": "changes files",
    "run": "runs on your machine as you",
}
_NOBODY = "nobody is there to agree; --allow {name} would"


class Terminal(Protocol):
    """The controlling terminal."""

    def ask(self, text: str) -> str | None:
        """Show `text`, and return the line typed after it; None where the terminal is gone.

        What was typed before is thrown away.
        """


class Approver:
    """Asks the person, and remembers what they agreed to for this session."""

    def __init__(
        self,
        *,
        terminal: Callable[[], AbstractContextManager[Terminal | None]],
        aside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`terminal` opens the controlling one.

        `aside` holds back, for a `with`, whoever else reads the terminal.
        """
        self._agreed: set[Tool] = set()
        self._terminal = terminal
        self._aside = aside

    def allow(self, tool: Tool) -> None:
        """Need no question for `tool`, from now on."""
        self._agreed.add(tool)

    def decide(self, tool: Tool, arguments: Mapping[str, Any]) -> Decision:
        """Return whether the call may be run."""
        if tool in self._agreed:
            return Decision(allowed=True)
        shown = whole(tool, arguments)
        if len(shown) > MAX_SHOWN:
            return Decision(allowed=False, feedback="the call is too long to be read")
        with self._aside(), self._terminal() as terminal:
            if terminal is None:
                return Decision(allowed=False, feedback=_NOBODY.format(name=tool.name))
            return self._asked(tool, terminal, shown)

    def _asked(self, tool: Tool, terminal: Terminal, shown: str) -> Decision:
        lasting = tool.effect not in _AT_EACH_CALL
        choice = "y once, s for this session, n no" if lasting else "y yes, n no"
        line = terminal.ask(f"{shown}\nAllow it? [{choice}; other words go to the model] ")
        answer = (line or "").strip()
        if answer.lower() in {"y", "yes"}:
            return Decision(allowed=True)
        if answer.lower() in {"s", "session"} and lasting:
            self.allow(tool)
            return Decision(allowed=True)
        return Decision(allowed=False, feedback="" if answer.lower() in {"n", "no"} else answer)


def whole(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """Return the whole call as a person reads it, with nothing in it that a terminal obeys."""
    lines = [f"The model wants to call {tool.name}, which {_DOES[tool.effect]}:"]
    for name, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        first, *rest = _visible(text).split("\n")
        count = f" ({len(rest) + 1} lines)" if len(rest) >= _MANY else ""
        lines.append(f"  {_visible(name)}{count}: {first}")
        lines += [f"      {line}" for line in rest]
    return "\n".join(["", *lines])


def _visible(text: str) -> str:
    """Return `text` safe, with a sign for each character that would leave no trace on the screen.

    An answer does without carriage returns; who agrees to a call has to know of them.
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", safe(text.replace("\r", _RETURN)))
