"""One tool: what the model is told of it, what it may do to the world, and how it is run."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, overload

from copilot_cli.messages import ToolSpec
from copilot_cli.tools.running import Running
from copilot_cli.tools.signatures import signature_of

Effect = Literal["read", "fetch", "write", "run"]
"""What a tool does to the world: it reads files, fetches pages, writes files, runs programs."""

SECONDS = 60.0
"""How long one call may take."""


class ToolError(Exception):
    """Why a tool has no result: the model reads these words, and nothing else."""


class Tool:
    """A tool, callable as the function that it is made of.

    `check` is the schema that arguments are held to; `run` takes them with a `Running`.
    """

    def __init__(
        self,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        run: Callable[[dict[str, Any], Running], object],
        *,
        effect: Effect = "run",
        seconds: float = SECONDS,
        function: Callable[..., object] | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.parameters = parameters
        self.run = run
        self.effect = effect
        self.seconds = seconds
        self._function = function

    @property
    def spec(self) -> ToolSpec:
        """What is said of it to the model."""
        return ToolSpec(self.name, self.description, self.parameters)

    def __call__(self, *positional: Any, **named: Any) -> object:
        """Call the function itself, as a script of one's own does."""
        if self._function is None:
            return self.run(named, Running())
        return self._function(*positional, **named)

    def __repr__(self) -> str:
        return f"Tool({self.name})"


@overload
def tool(function: Callable[..., object], /) -> Tool: ...
@overload
def tool(
    *, name: str | None = None, effect: Effect = "run", seconds: float = SECONDS
) -> Callable[[Callable[..., object]], Tool]: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    name: str | None = None,
    effect: Effect = "run",
    seconds: float = SECONDS,
) -> Tool | Callable[[Callable[..., object]], Tool]:
    """Make a tool of a function with a typed signature and a docstring: a decorator.

    `effect` is what it does to the world; a tool that runs or writes is asked about at each call.
    `seconds` is how long one call may take. A parameter of the type `Running` is not told to the
    model; it says when nobody waits any more. Raises `UsageError` for a function that is no tool.
    """

    def decorated(function: Callable[..., object]) -> Tool:
        told = signature_of(function, name)

        def run(arguments: dict[str, Any], running: Running) -> object:
            return function(**arguments, **({told.running: running} if told.running else {}))

        return Tool(
            told.name,
            told.description,
            told.parameters,
            run,
            effect=effect,
            seconds=seconds,
            function=function,
        )

    return decorated if function is None else decorated(function)


def made(function: Callable[..., object]) -> Tool:
    """Return the tool that `function` is, or makes. Raises `UsageError` as `tool` does."""
    return function if isinstance(function, Tool) else tool(function)
