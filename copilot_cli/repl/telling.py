"""`/tokens`, `/usage`, `/thinking`: what the conversation takes, and what was not shown of it."""

from typing import TYPE_CHECKING

from copilot_cli.context import count
from copilot_cli.repl.arguments import no_arguments

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl


def tokens(repl: "Repl", arguments: str) -> None:
    """Say how full the model's window is, and what the last turn took."""
    no_arguments(arguments)
    chat = repl.chat
    used, window = chat.tokens
    about = "about " if chat.estimated else ""
    of = f" of {count(window)} ({100 * used // window} %)" if window else ""
    rows = [("model", chat.model), ("the next question carries", f"{about}{used:,} tokens{of}")]
    if chat.last is not None:
        usage = chat.last.usage
        figures = {
            "in": usage.input_tokens,
            "cached": usage.cached_tokens,
            "out": usage.output_tokens,
            "reasoning": usage.reasoning_tokens,
        }
        told = [f"{figure:,} {name}" for name, figure in figures.items() if figure is not None]
        rows.append(("the last turn took", ", ".join(told) or "not told"))
    repl.saying.rows(rows)


def usage(repl: "Repl", arguments: str) -> None:
    """Show the plan, and what is left of its quota."""
    no_arguments(arguments)
    repl.saying.gauges(repl.app.access.plan().lines())


def thinking(repl: "Repl", arguments: str) -> None:
    """Show what the model thought aloud in its last answer."""
    no_arguments(arguments)
    if repl.chat.reasoning.strip():
        repl.saying.note(repl.chat.reasoning.strip("\n"))
    else:
        repl.saying.note("the model has thought nothing aloud")
