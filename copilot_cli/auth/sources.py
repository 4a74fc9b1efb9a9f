"""Where a GitHub token can come from: variables, the store, `gh`, and files of editor plug-ins.

Rule: looking is all that happens here. Nothing found is kept; `gh` and the files are looked at only
by `onboard`. What a token's prefix means is decided by `token_kind` alone.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from copilot_cli.auth.accounts import Account, EntryNames, all_accounts, meant
from copilot_cli.environment import child_environ
from copilot_cli.errors import StoreError
from copilot_cli.secret import Secret, strip_newline, unsendable_position
from copilot_cli.settings import LATE_TOKEN_VARIABLES, TOKEN_VARIABLES, Settings
from copilot_cli.store import files
from copilot_cli.ui.safe import safe_line
from copilot_cli.values import NamedTuple

_FILE_LIMIT = 256 * 1024
_GH_PATIENCE = 5.0  # seconds
_ACTIONS_VARIABLE = "COPILOT_GITHUB_TOKEN"


class TokenKind(NamedTuple):
    """What a prefix says; `reason` is why a token of this kind cannot be used, None if it can.

    `bearer`: GitHub exchanges none of this kind, it goes to Copilot's API itself.
    """

    prefix: str
    name: str
    reason: str | None = None
    bearer: bool = False


# protocol.md section 10.3; github/docs, "GitHub's token formats".
_KINDS = (
    TokenKind("ghu_", "a GitHub App's user token"),
    TokenKind("gho_", "an OAuth app's token"),
    TokenKind("ghs_", "an installation token", bearer=True),
    TokenKind("github_pat_", "a fine-grained personal access token", bearer=True),
    TokenKind(
        "ghp_",
        "a classic personal access token",
        "GitHub does not accept classic personal access tokens for Copilot",
    ),
    TokenKind("ghr_", "a refresh token", "it renews a sign-in and is none itself"),
)
_OTHER = TokenKind("", "a token of an unknown kind")


class Source(NamedTuple):
    """One place a token comes from; `token` is None where only a miss may open it (the store).

    `name` is the variable, file or program; `where` says it to a person; `user` is the login where
    the place names one.
    """

    kind: Literal["environment", "stored", "gh", "file"]
    name: str
    where: str
    token: Secret | None = None
    user: str | None = None

    @property
    def problem(self) -> str | None:
        """Why this token cannot be used, as a clause; None if it can, or has yet to be opened."""
        if self.token is None:
            return None
        kind = token_kind(self.token)
        if kind.prefix == "ghs_" and self.name != _ACTIONS_VARIABLE:
            return f"an installation token is taken from {_ACTIONS_VARIABLE} only"
        return kind.reason

    @property
    def remedy(self) -> str | None:
        """What helps where the token is refused: a variable wins over every new sign-in."""
        if self.kind != "environment":
            return None
        return f"unset {self.name}, or set it to a valid token"


class Resolved(NamedTuple):
    """The source that is used, None if nobody is signed in, and what it hides."""

    source: Source | None
    hidden: tuple[Source, ...]
    elsewhere: tuple[Account, ...] = ()
    """Who is signed in to other hosts, where nobody is to the host of this run."""


def token_kind(token: Secret) -> TokenKind:
    """Return what the prefix of `token` says about it."""
    value = token.reveal()
    return next((kind for kind in _KINDS if value.startswith(kind.prefix)), _OTHER)


def resolve(settings: Settings, store: EntryNames) -> Resolved:
    """Return which token this run uses, in the contract's order, and what that hides.

    An account that `--account` names, then the early variables, what is stored for the host, and
    the late variables. Those stay out where an account was named, and where nobody chose the host
    and a sign-in of another one is stored. The store is asked for names only, so that no keyring
    opens. Raises SettingsError for a malformed variable, and UsageError where an account has to be
    named or the one that was named would be answered for by a variable.
    """
    everyone = all_accounts(store)
    here = tuple(account for account in everyone if account.host == settings.host)
    early, late = (
        _set_variables(names, settings.environ) for names in (TOKEN_VARIABLES, LATE_TOKEN_VARIABLES)
    )
    if settings.source("account") == "option" and (here or early):
        return Resolved(_stored(meant(settings, here)), (*early, *late))
    if found := settings.env_token():
        after = tuple(source for source in early if source.name != found.name)
        elsewhere = tuple(account for account in everyone if account not in here)
        stored = (*map(_stored, here), *map(_stored_elsewhere, elsewhere))
        return Resolved(_variable(found.name, found.secret), (*after, *stored, *late))
    if here:
        return Resolved(_stored(meant(settings, here)), late)
    if _keeps_late_out(settings, everyone):
        return Resolved(None, late, everyone)
    if found := settings.late_env_token():
        others = tuple(source for source in late if source.name != found.name)
        hidden = (*others, *map(_stored_elsewhere, everyone))
        return Resolved(_variable(found.name, found.secret), hidden)
    return Resolved(None, (), everyone)


def _keeps_late_out(settings: Settings, everyone: tuple[Account, ...]) -> bool:
    """Whether GH_TOKEN and GITHUB_TOKEN, set for other ends, would stand in for a sign-in.

    Source: github/copilot-cli#1673, #237, #415: the wrong account answers, and nobody notices.
    """
    if settings.said_now("account"):
        return True
    return bool(everyone) and settings.source("host") == "default"


def environment_sources(settings: Settings) -> Iterator[Source]:
    """Yield the sign-ins that variables hold, in the contract's order.

    Raises SettingsError for a malformed one.
    """
    for found in (settings.env_token(), settings.late_env_token()):
        if found is not None:
            yield _variable(found.name, found.secret)


def _set_variables(names: tuple[str, ...], environ: Mapping[str, str]) -> tuple[Source, ...]:
    return tuple(_variable(name, None) for name in names if environ.get(name, "").strip())


def _variable(name: str, token: Secret | None) -> Source:
    return Source("environment", name, f"the variable {name}", token)


def _stored(account: Account) -> Source:
    where = f"the sign-in stored for {account.login}"
    return Source("stored", "stored", where, user=account.login)


def _stored_elsewhere(account: Account) -> Source:
    where = f"the sign-in stored for {account.login} on {account.host}"
    return Source("stored", "stored", where, user=account.login)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


def gh_token(host: str, environ: Mapping[str, str], *, run: Run = subprocess.run) -> Source | None:
    """Return the token that `gh` is signed in with on `host`; None without gh or a sign-in.

    Variables that hold credentials are kept from it: gh would hand its own back, and has no use for
    the others.
    """
    try:
        done = run(
            ["gh", "auth", "token", "--hostname", host],
            env={**child_environ(environ), "GH_PROMPT_DISABLED": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_GH_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    token = _usable(strip_newline(done.stdout)) if done.returncode == 0 else None
    return Source("gh", "gh", f"the GitHub CLI's sign-in on {host}", token) if token else None


def editor_tokens(
    host: str, environ: Mapping[str, str], *, home: Path, platform: str
) -> tuple[Source, ...]:
    """Return the tokens for `host` in the files of editor plug-ins, each once, newest format first.

    `platform` is `sys.platform`. A file that is a link, too long or not JSON is passed over.
    """
    found: dict[Secret, Source] = {}
    for path in _editor_files(environ, home, platform):
        for source in _tokens_in(path, host):
            assert source.token is not None
            found.setdefault(source.token, source)
    return tuple(found.values())


def _editor_files(environ: Mapping[str, str], home: Path, platform: str) -> Iterator[Path]:
    if platform == "win32":
        folder = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for name in ("apps.json", "hosts.json"):
        yield folder / "github-copilot" / name


def _tokens_in(path: Path, host: str) -> Iterator[Source]:
    try:
        # Editors write these files with the umask's mode, so the mode says nothing.
        entries: Any = json.loads(files.read_private(path, _FILE_LIMIT, any_mode=True))
    except (OSError, StoreError, ValueError, RecursionError):
        return
    if not isinstance(entries, dict):
        return
    for key, entry in entries.items():
        # Not "starts with the host": github.com.example would match too.
        if key.partition(":")[0] != host or not isinstance(entry, dict):
            continue
        value, user = entry.get("oauth_token"), entry.get("user")
        token = _usable(value) if isinstance(value, str) else None
        if token is not None:
            login = safe_line(user, limit=60) if isinstance(user, str) and user else None
            yield Source("file", path.name, str(path), token, login)


def _usable(value: str) -> Secret | None:
    return None if unsendable_position(value) is not None else Secret(value)
