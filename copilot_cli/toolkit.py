"""The tools of this run: which the model is offered, where they work, and who agrees to a call."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_cli.errors import UsageError
from copilot_cli.tools.approval import Approver, Terminal
from copilot_cli.tools.built_in import NAMES, built_in
from copilot_cli.tools.calling import Calls, to_stderr
from copilot_cli.tools.loading import is_reference, load
from copilot_cli.tools.place import Place
from copilot_cli.tools.tool import Tool, made
from copilot_cli.ui.controlling import controlling

if TYPE_CHECKING:
    from copilot_cli.app import App


class Toolkit:
    """The tools of one run; none at first."""

    def __init__(
        self,
        app: "App",
        *,
        terminal: Callable[[], AbstractContextManager[Terminal | None]] = controlling,
        printing: Callable[[], AbstractContextManager[object]] = to_stderr,
    ) -> None:
        """`terminal` is where a person is asked, `printing` where what tools print goes."""
        self._app = app
        self._printing = printing
        self.tools: dict[str, Tool] = {}
        """Those that are offered, by their names."""
        self.refused_by: set[str] = set()
        """The models of which was said that they take none."""
        self._references: dict[str, Tool] = {}  # a person's own, by how they were named
        self._approver = Approver(terminal=terminal, aside=self._aside)

    def add(self, given: str | Callable[..., object]) -> Tool:
        """Offer a tool: one that is built in, a person's own (`module:function`), or a function.

        Raises `UsageError` where there is none of that name, or it cannot be one.
        """
        tool = self._named(given) if isinstance(given, str) else made(given)
        if self.tools.get(tool.name, tool) is not tool:
            raise UsageError(f"there are two tools called {tool.name}")
        self.tools[tool.name] = tool
        return tool

    def remove(self, name: str) -> None:
        """Offer a tool no longer. Raises `UsageError` where it was not offered."""
        called = self._called(name)
        if called not in self.tools:
            raise UsageError(f"the tool {name} is not given", hint=self._given())
        del self.tools[called]

    def allow(self, names: Sequence[str]) -> None:
        """Have these tools run unasked. Raises `UsageError` for one that is not given."""
        for name in names:
            called = self._called(name)
            if called not in self.tools:
                raise UsageError(
                    f"--allow {name}: that tool is not given", hint=f"`--tool {name}` gives it"
                )
            self._approver.allow(self.tools[called])

    @property
    def box(self) -> Calls | None:
        """What runs the tools that are offered; None where there are none."""
        if not self.tools:
            return None
        return Calls(list(self.tools.values()), self._approver, printing=self._printing)

    @cached_property
    def built_in(self) -> dict[str, Tool]:
        """The tools that are there without any of one's own."""
        return built_in(self._place, self._app.effects.environ, self._fetch)

    def _named(self, name: str) -> Tool:
        if is_reference(name):
            if self._printing is to_stderr:
                self._app.streams.keep_stdout()
            if name not in self._references:
                self._references[name] = load(name, self._place.folder)
            return self._references[name]
        if name not in NAMES:
            near = get_close_matches(name, NAMES, n=1)
            there = f"there are {', '.join(NAMES)}, and your own as module:function"
            raise UsageError(
                f"there is no tool {name!r}", hint=f"did you mean {near[0]}?" if near else there
            )
        return self.built_in[name]

    def _called(self, name: str) -> str:
        """Return what a tool is called that is named so, or as `module:function`."""
        tool = self._references.get(name)
        return name if tool is None else tool.name

    @cached_property
    def _place(self) -> Place:
        return Place(self._app.folder(), self._own())

    def _own(self) -> tuple[Path, ...]:
        """Return what belongs to this program, which no tool touches."""
        from copilot_cli.attachments.screening import own

        paths = self._app.paths
        session = self._app.effects.environ.get("XDG_RUNTIME_DIR", "")
        kept = [Path(session) / "copilot-chat"] if session else []
        return (paths.config_dir, paths.data_dir, paths.cache_dir, *own(self._app), *kept)

    def _aside(self) -> AbstractContextManager[object]:
        return self._app.aside()  # it changes with each answer

    def _fetch(self, url: str) -> str | None:
        page = self._app.fetch(url)
        return page.text if page.text or not page.data else None

    def _given(self) -> str:
        return f"given are {', '.join(self.tools)}" if self.tools else "none is given"
