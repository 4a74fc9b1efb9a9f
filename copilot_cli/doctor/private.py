"""Text that may be pasted into a bug report: without secrets, accounts, and the home's path."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from copilot_cli.doctor.check import Check
from copilot_cli.environment import child_environ
from copilot_cli.patterns import pattern
from copilot_cli.secret import redact
from copilot_cli.ui.safe import safe_line

_SHORTEST = 4  # characters; what is shorter is no secret, and stands in every other word
_LONGEST = 600  # characters of one detail
_LOGGED_IN = pattern(r"(\blogged in as @?)[\w-]+")  # GitHub's words of who has no access to Copilot


class Private:
    """Takes out of a text what is nobody's business; the last line of defence, not the first."""

    def __init__(self, environ: Mapping[str, str], home: Path | None) -> None:
        kept = child_environ(environ)
        self._hidden = [value for name, value in environ.items() if name not in kept]
        for name, value in environ.items():
            if name.upper().endswith("_PROXY") and "@" in value:
                self._hidden += _login(value)
        self._logins: set[str] = set()
        self._homes = _spellings(home)

    def account(self, *logins: str) -> None:
        """Hide these names of accounts from now on."""
        self._logins.update(login for login in logins if login)

    def text(self, text: str) -> str:
        """Return `text` on one line, fit to be shown to anybody."""
        for value in sorted(self._hidden, key=len, reverse=True):
            if len(value) >= _SHORTEST:
                text = text.replace(value, "****")
        for home in self._homes:
            text = re.sub(rf"{re.escape(home)}(?=[/\\]|\W|$)", "~", text)
        for login in self._logins:
            text = re.sub(rf"(?<![\w-]){re.escape(login)}(?![\w-])", "ACCOUNT", text)
        text = _LOGGED_IN.sub(r"\1ACCOUNT", text)
        return safe_line(redact(text), limit=_LONGEST)

    def check(self, check: Check) -> Check:
        """Return `check` with its texts so."""
        fix = None if check.fix is None else self.text(check.fix)
        return check._replace(name=self.text(check.name), detail=self.text(check.detail), fix=fix)


def _login(proxy: str) -> list[str]:
    """Return what a proxy's address says of who we are to it, in every way it may be quoted."""
    login = proxy.rpartition("@")[0].rpartition("://")[2]
    user, _, password = login.partition(":")
    return [login, password, unquote(password), user, unquote(user)]


def _spellings(home: Path | None) -> Iterable[str]:
    """Return the ways to write the home, the longest first; a root is none that could be hidden."""
    if home is None:
        return ()
    found = {str(home), os.path.realpath(home)}
    return sorted((each for each in found if len(each) > len(Path(each).anchor)), key=len)[::-1]
