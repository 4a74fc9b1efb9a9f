"""Every check in the order of the report, and how one is made without stopping the others."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import NamedTuple

from copilot_cli.doctor.check import Check, NotChecked
from copilot_cli.doctor.examination import Examination
from copilot_cli.errors import CopilotChatError, Interrupted

Function = Callable[[Examination], Iterable[Check]]


class Row(NamedTuple):
    """One check: what it is called where it cannot be made, its file here, its function."""

    name: str
    file: str
    function: str


TABLE = (
    Row("program", "program", "program"),
    Row("system", "program", "system"),
    Row("libraries", "program", "libraries"),
    Row("official-runtime", "program", "runtime"),
    Row("terminal", "terminal", "terminal"),
    Row("keyboard", "terminal", "keyboard"),
    Row("locale", "terminal", "locale"),
    Row("clipboard", "terminal", "clipboard"),
    Row("settings", "files", "settings"),
    Row("identity", "program", "identity_age"),
    Row("folders", "files", "folders"),
    Row("keyring", "secrets", "keyring"),
    Row("store", "secrets", "store"),
    Row("key", "secrets", "key"),
    Row("conversations", "files", "conversations"),
    Row("cache", "files", "cache"),
    Row("proxy", "network", "proxy"),
    Row("certificates", "network", "certificates"),
    Row("github", "network", "github"),
    Row("github-api", "network", "rest"),
    Row("sign-in", "sign_in", "source"),
    Row("limits", "sign_in", "limits"),
    Row("exchange", "sign_in", "exchange"),
    Row("copilot-api", "network", "copilot"),
    Row("clock", "network", "clock"),
    Row("plan", "sign_in", "plan"),
    Row("models", "sign_in", "models"),
    Row("endpoints", "network", "endpoints"),
)


def checks(examination: Examination, table: Iterable[Row] = TABLE) -> Iterator[Check]:
    """Yield what each check finds, as it is found; one that fails stops no other."""
    for row in table:
        for check in _made(row, examination):
            yield examination.private.check(_with_fix(check, row))


def _with_fix(check: Check, row: Row) -> Check:
    if check.fix is not None or check.state in {"pass", "skip"}:
        return check
    return check._replace(fix=f"docs/doctor.md tells more of {row.name}")


def _made(row: Row, examination: Examination) -> Iterator[Check]:
    function: Function = getattr(import_module(f"copilot_cli.doctor.{row.file}"), row.function)
    try:
        yield from function(examination)
    except NotChecked as reason:
        yield Check(row.name, "skip", str(reason))
    except Interrupted:
        raise
    except CopilotChatError as error:
        yield Check(row.name, "fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - a machine so odd that a check breaks is what it is for
        fix = "please report it: it is a bug of this check"
        yield Check(row.name, "fail", f"the check itself failed: {type(error).__name__}", fix)
