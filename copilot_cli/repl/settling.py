"""`/set` and `/theme`: settings of this chat, until it ends; `config set` is for good."""

from typing import TYPE_CHECKING

from copilot_cli.errors import UsageError
from copilot_cli.settings import SETTINGS

if TYPE_CHECKING:
    from copilot_cli.repl.loop import Repl

NAMES = ("keys", "meter", "render", "theme", "thinking")
"""The settings that a chat can change while it runs."""

_ROWS = {row.name: row for row in SETTINGS if row.name in NAMES}


def set_(repl: "Repl", arguments: str) -> None:
    """Show the settings of this chat, or one of them, or change it."""
    name, _, value = arguments.partition(" ")
    if not name:
        rows = [(each, _value(repl, each), f"of {', '.join(values(each))}") for each in NAMES]
        repl.saying.rows(rows)
        repl.saying.note("/set NAME explains one, /set NAME VALUE changes it for this chat")
        return
    if name not in _ROWS:
        raise UsageError(f"a chat has no setting {name[:20]}", hint=f"it has {', '.join(NAMES)}")
    if not value.strip():
        source = repl.app.settings.source(name)
        repl.saying.tell(f"{name}: {_value(repl, name)} ({source})\n{meaning(name)}")
        return
    change(repl, name, value.strip())


def theme(repl: "Repl", value: str) -> None:
    """Show or change the colours of code."""
    set_(repl, f"theme {value}")


def change(repl: "Repl", name: str, value: str) -> None:
    """Give a setting another value for this chat. Raises `UsageError`."""
    try:
        checked = str(_ROWS[name].kind.check(value))
    except ValueError as error:
        raise UsageError(f"{name} {error}") from error
    repl.app.set_options(**{name: checked})
    if name == "keys":
        repl.new_lines()
    lasting = f"copilot-chat config set {name} {checked}"
    repl.saying.note(f"{name}: {checked} in this chat; for good: {lasting}")


def _value(repl: "Repl", name: str) -> str:
    return str(getattr(repl.app.settings, name))


def values(name: str) -> tuple[str, ...]:
    """Return the values that a setting can have."""
    return _ROWS[name].kind.choices


def meaning(name: str) -> str:
    """Return what a setting is for."""
    return _ROWS[name].meaning
