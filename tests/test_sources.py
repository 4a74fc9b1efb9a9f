"""Where tokens come from: the order, what is hidden, and what the machine's files may say."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.auth.accounts import Account
from copilot_cli.auth.sources import (
    Source,
    editor_tokens,
    gh_token,
    resolve,
    token_kind,
)
from copilot_cli.errors import SettingsError, UsageError
from copilot_cli.secret import Secret
from copilot_cli.settings import Settings
from copilot_cli.store.sealed import EntryName

ONE = "ghu_madeUpForTests0000000000000000000001"
TWO = "gho_madeUpForTests0000000000000000000002"


class Names:
    """The part of the store that tells names; opening anything would be an AttributeError."""

    def __init__(self, *names: tuple[str, str]) -> None:
        self._names = [EntryName("github", *name) for name in names]

    def names(self) -> list[EntryName]:
        return [*self._names, EntryName("endpoint", "github.com", "")]


def load(tmp_path: Path, environ: dict[str, str], account: str | None = None) -> Settings:
    return Settings.load({"home": str(tmp_path / "home"), "account": account}, environ)


def names(sources: tuple[Source, ...]) -> list[str]:
    return [source.user or source.name for source in sources]


ALL = {
    "COPILOT_CHAT_TOKEN": ONE,
    "COPILOT_GITHUB_TOKEN": ONE,
    "GITHUB_COPILOT_TOKEN": ONE,
    "GH_TOKEN": TWO,
    "GITHUB_TOKEN": TWO,
}


@pytest.mark.parametrize(
    ("unset", "stored", "used", "hidden"),
    [
        pytest.param(
            0,
            True,
            "COPILOT_CHAT_TOKEN",
            ["COPILOT_GITHUB_TOKEN", "GITHUB_COPILOT_TOKEN", "octocat", "GH_TOKEN", "GITHUB_TOKEN"],
            id="all",
        ),
        pytest.param(
            1,
            True,
            "COPILOT_GITHUB_TOKEN",
            ["GITHUB_COPILOT_TOKEN", "octocat", "GH_TOKEN", "GITHUB_TOKEN"],
            id="second",
        ),
        pytest.param(
            2, True, "GITHUB_COPILOT_TOKEN", ["octocat", "GH_TOKEN", "GITHUB_TOKEN"], id="third"
        ),
        pytest.param(3, True, "octocat", ["GH_TOKEN", "GITHUB_TOKEN"], id="stored"),
        pytest.param(3, False, "GH_TOKEN", ["GITHUB_TOKEN"], id="nothing stored"),
        pytest.param(4, False, "GITHUB_TOKEN", [], id="the last"),
        pytest.param(5, False, None, [], id="nothing"),
    ],
)
def test_the_order(
    tmp_path: Path, unset: int, stored: bool, used: str | None, hidden: list[str]
) -> None:
    """Three variables, the store, two variables; each hides all that come after it."""
    environ = dict(list(ALL.items())[unset:])
    store = Names(("github.com", "octocat")) if stored else Names()
    found = resolve(load(tmp_path, environ), store)
    assert (found.source and (found.source.user or found.source.name)) == used
    assert names(found.hidden) == hidden


def test_a_variable_set_for_other_ends_stands_in_for_no_sign_in(tmp_path: Path) -> None:
    """Nobody chose the host, and a sign-in of another one is there: GH_TOKEN is not used."""
    found = resolve(load(tmp_path, {"GH_TOKEN": TWO}), Names(("a.ghe.com", "octocat")))
    assert found.source is None
    assert found.elsewhere == (Account("a.ghe.com", "octocat"),)
    assert names(found.hidden) == ["GH_TOKEN"]


def test_a_host_that_was_chosen_takes_the_late_variables(tmp_path: Path) -> None:
    """What is stored for another host is hidden, and said with its host."""
    environ = {"GH_TOKEN": TWO, "GH_HOST": "b.ghe.com"}
    found = resolve(load(tmp_path, environ), Names(("a.ghe.com", "octocat")))
    assert found.source is not None
    assert (found.source.name, found.source.token) == ("GH_TOKEN", Secret(TWO))
    assert [source.where for source in found.hidden] == [
        "the sign-in stored for octocat on a.ghe.com"
    ]


def test_a_named_account_is_not_answered_for_by_a_variable(tmp_path: Path) -> None:
    """Who names an account with `--account` means a sign-in that is kept, not whose token is about.

    A variable that names it stands below the token of a variable, as everywhere.
    """
    store = Names(("github.com", "octocat"), ("github.com", "hubot"))
    found = resolve(load(tmp_path, ALL, "hubot"), store)
    assert found.source is not None
    assert found.source.user == "hubot"
    assert names(found.hidden) == list(ALL)
    found = resolve(load(tmp_path, {**ALL, "COPILOT_CHAT_ACCOUNT": "hubot"}), store)
    assert found.source is not None
    assert found.source.name == "COPILOT_CHAT_TOKEN"


def test_an_account_that_is_not_there_is_not_answered_for_by_a_variable(tmp_path: Path) -> None:
    """Whoever named it hears that it is not signed in: another account would answer unnoticed."""
    for store in (Names(), Names(("github.com", "octocat")), Names(("a.ghe.com", "octocat"))):
        with pytest.raises(UsageError, match="mona is not signed in to github"):
            resolve(load(tmp_path, {"GITHUB_COPILOT_TOKEN": ONE}, "mona"), store)


@pytest.mark.parametrize("account", [None, "mona"], ids=["variable", "option"])
def test_a_late_variable_is_no_named_account(tmp_path: Path, account: str | None) -> None:
    """Nothing is stored for the host: the account that was named is signed out, and that is all."""
    environ = {"GH_TOKEN": TWO, "GH_HOST": "b.ghe.com"}
    if account is None:
        environ["COPILOT_CHAT_ACCOUNT"] = "mona"
    found = resolve(load(tmp_path, environ, account), Names(("a.ghe.com", "octocat")))
    assert found.source is None


def test_the_account_of_the_file_is_that_of_the_file_s_host(tmp_path: Path) -> None:
    """Another host that is named has an account of its own; the file's own host asks for it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text('account = "octocat"\n')
    store = Names(("github.com", "hubot"), ("a.ghe.com", "mona"))
    found = resolve(load(tmp_path, {"GH_HOST": "a.ghe.com"}), store)
    assert found.source is not None
    assert found.source.user == "mona"
    with pytest.raises(UsageError, match="octocat is not signed in"):
        resolve(load(tmp_path, {}), store)


def test_a_stored_token_is_not_opened(tmp_path: Path) -> None:
    """Resolving needs names only."""
    found = resolve(load(tmp_path, {}), Names(("github.com", "octocat")))
    assert found.source == Source(
        "stored", "stored", "the sign-in stored for octocat", None, "octocat"
    )
    assert found.source.problem is None


def test_several_accounts_need_a_choice(tmp_path: Path) -> None:
    """With two accounts one has to be named; a variable's token needs no choice."""
    store = Names(("github.com", "octocat"), ("github.com", "hubot"))
    with pytest.raises(UsageError, match="hubot, octocat"):
        resolve(load(tmp_path, {}), store)
    assert names(resolve(load(tmp_path, {"GITHUB_COPILOT_TOKEN": ONE}), store).hidden) == [
        "hubot",
        "octocat",
    ]
    chosen = resolve(load(tmp_path, {}, "Hubot"), store).source
    assert chosen is not None
    assert chosen.user == "hubot"


def test_a_malformed_variable_is_an_error(tmp_path: Path) -> None:
    """There is no falling through to the next source, and the value is not repeated."""
    environ = {"COPILOT_CHAT_TOKEN": "ghu_made Up000000", "GH_TOKEN": TWO}
    with pytest.raises(SettingsError, match="COPILOT_CHAT_TOKEN") as caught:
        resolve(load(tmp_path, environ), Names())
    assert "made" not in caught.value.message


def test_a_malformed_hidden_variable_does_not_matter(tmp_path: Path) -> None:
    """A variable that is not used is not judged."""
    found = resolve(load(tmp_path, {"GH_TOKEN": "x y"}), Names(("github.com", "octocat")))
    assert names(found.hidden) == ["GH_TOKEN"]


@pytest.mark.parametrize(
    ("value", "prefix", "works"),
    [
        ("ghu_madeUp000000", "ghu_", True),
        ("gho_madeUp000000", "gho_", True),
        ("ghs_madeUp000000", "ghs_", True),
        ("github_pat_madeUp000", "github_pat_", True),
        ("ghp_madeUp000000", "ghp_", False),
        ("ghr_madeUp000000", "ghr_", False),
        ("0123456789abcdef0123456789abcdef01234567", "", True),
    ],
)
def test_token_kinds(value: str, prefix: str, works: bool) -> None:
    """The prefix says what a token is and whether it can work; each refusal has its reason."""
    kind = token_kind(Secret(value))
    assert (kind.prefix, kind.reason is None) == (prefix, works)
    assert kind.name


@pytest.mark.parametrize(
    ("variable", "works"),
    [("COPILOT_GITHUB_TOKEN", True), ("COPILOT_CHAT_TOKEN", False), ("GITHUB_TOKEN", False)],
)
def test_installation_tokens_have_one_variable(tmp_path: Path, variable: str, works: bool) -> None:
    """`ghs_` is taken from the variable that Actions sets for Copilot, and from no other."""
    found = resolve(load(tmp_path, {variable: "ghs_madeUp0000000000"}), Names()).source
    assert found is not None
    assert (found.problem is None) == works


class Gh:
    """A stand-in for subprocess.run that plays `gh auth token`."""

    def __init__(self, outcome: BaseException | tuple[int, str]) -> None:
        self.outcome = outcome
        self.called: tuple[list[str], dict[str, Any]] = ([], {})

    def __call__(self, argv: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        self.called = (argv, options)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        code, text = self.outcome
        return subprocess.CompletedProcess(argv, code, stdout=text, stderr="")


def test_gh_is_asked_without_our_credentials() -> None:
    """No shell, five seconds, no prompt, and no token of the environment for it to hand back."""
    run = Gh((0, TWO + "\n"))
    environ = {
        **ALL,
        "COPILOT_CHAT_PASSPHRASE": "x",
        "PATH": "/bin",
        "COPILOT_PROVIDER_API_KEY": "k",
        "COPILOT_PROVIDER_HEADERS": "X:y",
    }
    found = gh_token("github.com", environ, run=run)
    assert found is not None
    assert (found.kind, found.token) == ("gh", Secret(TWO))
    argv, options = run.called
    assert argv == ["gh", "auth", "token", "--hostname", "github.com"]
    assert options["env"] == {"PATH": "/bin", "GH_PROMPT_DISABLED": "1"}
    assert options["timeout"] == 5.0
    assert options["stdin"] == subprocess.DEVNULL
    assert not options.get("shell")


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(FileNotFoundError("gh"), id="no gh"),
        pytest.param(PermissionError("gh"), id="not executable"),
        pytest.param(subprocess.TimeoutExpired("gh", 5), id="hangs"),
        pytest.param((1, ""), id="not signed in"),
        pytest.param((0, ""), id="nothing"),
        pytest.param((0, "two words\n"), id="no token"),
        pytest.param((1, TWO), id="failed"),
    ],
)
def test_gh_that_does_not_help_is_no_error(outcome: BaseException | tuple[int, str]) -> None:
    """Without gh, or without its sign-in, there is nothing to offer."""
    assert gh_token("github.com", {}, run=Gh(outcome)) is None


@pytest.mark.real
def test_gh_is_run_for_real(tmp_path: Path) -> None:
    """The real subprocess gets the arguments and the clean environment."""
    fake = tmp_path / "gh"
    fake.write_text(f'#!/bin/sh\n[ -z "$GH_TOKEN" ] && [ "$4" = a.ghe.com ] && echo {TWO}\n')
    fake.chmod(0o700)
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run(argv: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(fake), *argv[1:]], **{**options, "check": False})  # noqa: PLW1510

    found = gh_token("a.ghe.com", {"PATH": path, "GH_TOKEN": "x"}, run=run)
    assert found is not None
    assert found.token == Secret(TWO)


def write(folder: Path, name: str, content: object) -> Path:
    path = folder / "github-copilot" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def found_in(
    home: Path, environ: dict[str, str] | None = None, platform: str = "linux"
) -> list[str]:
    sources = editor_tokens("github.com", environ or {}, home=home, platform=platform)
    return [
        f"{source.name} {source.user} {source.token.reveal()}" for source in sources if source.token
    ]


@pytest.mark.parametrize(
    ("variable", "platform", "folder"),
    [
        (None, "linux", ".config"),
        (None, "darwin", ".config"),
        ("XDG_CONFIG_HOME", "linux", "elsewhere"),
        ("LOCALAPPDATA", "win32", "elsewhere"),
        (None, "win32", "AppData/Local"),
    ],
)
def test_editor_files_are_found(
    tmp_path: Path, variable: str | None, platform: str, folder: str
) -> None:
    """Each platform has its folder; apps.json comes first, and a token is offered once."""
    environ = {variable: str(tmp_path / folder)} if variable else {}
    write(tmp_path / folder, "hosts.json", {"github.com": {"user": "old", "oauth_token": TWO}})
    apps = {
        "github.com:Iv1.b507a08c87ecfe98": {"user": "octocat", "oauth_token": ONE},
        "github.com:other": {"user": "octocat", "oauth_token": TWO},
    }
    write(tmp_path / folder, "apps.json", apps)
    assert found_in(tmp_path, environ, platform) == [
        f"apps.json octocat {ONE}",
        f"apps.json octocat {TWO}",
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{", id="no JSON"),
        pytest.param([], id="a list"),
        pytest.param("\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), id="bytes"),
        pytest.param({"github.com": None}, id="no entry"),
        pytest.param({"github.com": {"oauth_token": 7}}, id="a number"),
        pytest.param({"github.com": {"oauth_token": "a b c d e f"}}, id="not sendable"),
        pytest.param({"github.com": {"user": "x"}}, id="no token"),
        pytest.param({"github.com.evil.example": {"oauth_token": ONE}}, id="a look-alike"),
        pytest.param({"github.community": {"oauth_token": ONE}}, id="a longer name"),
        pytest.param({"a.ghe.com": {"oauth_token": ONE}}, id="another host"),
        pytest.param("[" * 50_000, id="deep"),
        pytest.param(" " * 300_000 + "{}", id="too long"),
    ],
)
def test_editor_files_that_do_not_help_are_passed_over(tmp_path: Path, content: object) -> None:
    """A file that holds nothing for the host is no error, and the next one is still read."""
    write(tmp_path / ".config", "apps.json", content)
    write(tmp_path / ".config", "hosts.json", {"github.com": {"oauth_token": TWO}})
    assert found_in(tmp_path) == [f"hosts.json None {TWO}"]


@pytest.mark.parametrize(
    "replace",
    [
        pytest.param(lambda path: path.symlink_to(path.with_name("real.json")), id="symlink"),
        pytest.param(os.mkfifo, id="pipe"),
        pytest.param(Path.mkdir, id="folder"),
    ],
)
def test_editor_files_are_plain_files(tmp_path: Path, replace: Callable[[Path], object]) -> None:
    """A link, a pipe or a folder is passed over, and nothing waits for it."""
    path = write(tmp_path / ".config", "apps.json", {"github.com": {"oauth_token": ONE}})
    path.rename(path.with_name("real.json"))
    replace(path)
    assert found_in(tmp_path) == []


def test_a_login_of_a_file_is_made_safe(tmp_path: Path) -> None:
    """What a file calls the user goes to the terminal, so it is cleaned."""
    entry = {"user": "octo\x1b[31mcat", "oauth_token": ONE}
    write(tmp_path / ".config", "hosts.json", {"github.com": entry})
    assert "\x1b" not in found_in(tmp_path)[0]
