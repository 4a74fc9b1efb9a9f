"""Files whose content nobody sends by accident: keys, credentials, histories, this program's own.

The list is that of the read tools of nearai/ironclaw, widened by what editors, clouds and this
program keep. Names are judged, of a link also the name of what it leads to; `holds_secret` judges
a text, by forms that cannot be an example in a manual.
"""

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

from copilot_cli.patterns import pattern

_FOLDERS = frozenset({".ssh", ".aws", ".docker", ".kube", ".gnupg", ".azure", ".gcloud"})
_NAMES = pattern(
    r"[._]netrc|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.env.*|id_\w+|credentials"
    r"|.*\.(pem|key|p12|pfx|jks|keystore|kdbx)"
    r"|\.(bash|zsh|sh|ash|python|node_repl|psql|mysql|sqlite|rediscli)_?history"
    r"|fish_history|consolehost_history\.txt",
    re.IGNORECASE,
)
_TAILS = {("gh", "hosts.yml"), ("github-copilot", "hosts.json"), ("github-copilot", "apps.json")}
_SECRETS = pattern(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|\bgh[opusr]_[0-9A-Za-z]{36}"
    r"|\bgithub_pat_\w{36}"
    r"|\b(AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bxox[abprs]-[0-9A-Za-z-]{20}"
    r"|\bsk-[0-9A-Za-z_-]{32}"
)


def is_sensitive(path: Path, own: Iterable[Path] = ()) -> bool:
    """Say whether `path`, or what it leads to, is such a file; `own` is what belongs to us."""
    real = path.resolve()
    if any(real.is_relative_to(each.resolve()) for each in own):
        return True
    return _named_so(path) or _named_so(real)


def holds_secret(text: str) -> bool:
    """Say whether a private key or a token of a known form stands in `text`."""
    return _SECRETS.search(text) is not None


def _named_so(path: PurePath) -> bool:
    parts = tuple(part.lower() for part in path.parts)
    if not _FOLDERS.isdisjoint(parts) or parts[-2:] in _TAILS:
        return True
    return _NAMES.fullmatch(path.name) is not None
