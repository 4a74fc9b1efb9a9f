"""Files whose content nobody sends by accident: keys, credentials, histories, this program's own.

The list is that of the read tools of nearai/ironclaw, widened by what editors, clouds and this
program keep. Names are judged, of a link also the name of what it leads to; `secret_in` judges a
text, by forms that cannot be an example in a manual.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import NamedTuple

from copilot_cli.patterns import pattern

_FOLDERS = frozenset({".ssh", ".aws", ".docker", ".kube", ".gnupg", ".azure", ".gcloud"})
_NAMES = pattern(
    r"[._]netrc|g?shadow-?|master\.passwd|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.env.*|id_\w+|credentials"
    r"|.*\.(pem|key|p12|pfx|jks|keystore|kdbx)"
    r"|\.(bash|zsh|sh|ash|python|node_repl|psql|mysql|sqlite|rediscli)_?history"
    r"|fish_history|consolehost_history\.txt",
    re.IGNORECASE,
)
_TAILS = {("gh", "hosts.yml"), ("github-copilot", "hosts.json"), ("github-copilot", "apps.json")}
_SECRETS = pattern(
    r"(?P<private_key>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"|\bPuTTY-User-Key-File-\d: \S|\bAGE-SECRET-KEY-1[0-9A-Z]{58})"
    r"|(?P<github_token>\bgh[opusr]_[0-9A-Za-z]{36}|\bgithub_pat_\w{36})"
    r"|(?P<copilot_token>\btid=[0-9a-f]{16,};exp=\d{6,})"
    r"|(?P<cloud_key>\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-]))"
    r"|(?P<token>\bxox[abprs]-[0-9A-Za-z-]{20}|\bglpat-[0-9A-Za-z_-]{20}|\bnpm_[0-9A-Za-z]{36}"
    r"|\bpypi-[0-9A-Za-z_-]{60}|\bhf_[0-9A-Za-z]{34}|\b[rs]k_live_[0-9A-Za-z]{20})"
    r"|(?P<api_key>\bsk-[0-9A-Za-z_-]{32})"
    r"|(?P<web_token>\beyJ[0-9A-Za-z_-]{15,}\.eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20})"
)
_MARKS = (
    *(
        "-----BEGIN ",
        "PuTTY-User-",
        "AGE-SECRET-",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "tid=",
        "AKIA",
    ),
    *("ASIA", "AIza", "xox", "glpat-", "npm_", "pypi-", "hf_", "k_live_", "sk-", "eyJ"),
)
# Every secret that is known has one of these in it: a search for all forms takes ten times as long.


class Suspicion(NamedTuple):
    """What kind of secret stands in a text, and in which line of it, from 1."""

    kind: str
    line: int


def is_sensitive(path: Path, own: Iterable[Path] = ()) -> bool:
    """Say whether `path`, or what it leads to, is such a file; `own` is what belongs to us."""
    return belongs(path, own) or named_so(path) or named_so(path.resolve())


def belongs(path: Path, own: Iterable[Path]) -> bool:
    """Say whether `path` is one of `own` or below one, by whatever name it goes."""
    real, own = path.resolve(), tuple(own)
    return any(real.is_relative_to(each.resolve()) or _same(real, each) for each in own) or _linked(
        real, own
    )


def holds_secret(text: str) -> bool:
    """Say whether a private key or a token of a known form stands in `text`."""
    return secret_in(text) is not None


def secret_in(text: str) -> Suspicion | None:
    """Return the first private key or token of a known form in `text`, and nothing of it."""
    if not any(mark in text for mark in _MARKS):
        return None
    found = _SECRETS.search(text)
    if found is None:
        return None
    kind = (found.lastgroup or "secret").replace("_", " ")
    return Suspicion(kind, text.count("\n", 0, found.start()) + 1)


def _linked(path: Path, own: Iterable[Path]) -> bool:
    """Say whether a file below one of `own` has `path` for another name."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_nlink > 1 and is_one_of(found, own)


def is_one_of(found: os.stat_result, own: Iterable[Path]) -> bool:
    """Say whether the file of which `found` is known is one of `own`, or below one."""
    if not stat.S_ISREG(found.st_mode):
        return False
    return any(os.path.samestat(found, each) for each in _files(own, found.st_dev))


def _files(own: Iterable[Path], device: int) -> Iterator[os.stat_result]:
    """Yield what is known of `own` and the files below on one device, where hard links can be."""
    for top in own:
        with suppress(OSError):
            yield top.stat()
        for folder, below, names in os.walk(top):
            with suppress(OSError):  # gone meanwhile
                if Path(folder).stat().st_dev != device:
                    below.clear()
                    continue
            for name in names:
                with suppress(OSError):
                    yield Path(folder, name).lstat()


def _same(path: Path, own: Path) -> bool:
    """Say whether both are one file, which a hard link makes them."""
    try:
        return path.samefile(own)
    except OSError:
        return False


def named_so(path: PurePath) -> bool:
    """Say whether `path` has the name of such a file, or is in a folder of them."""
    parts = tuple(part.lower() for part in path.parts)
    if not _FOLDERS.isdisjoint(parts) or parts[-2:] in _TAILS:
        return True
    return _NAMES.fullmatch(path.name) is not None
