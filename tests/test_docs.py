"""The documentation names nothing that does not exist."""

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer.main

from copilot_cli import errors
from copilot_cli.main import cli, main
from copilot_cli.reference import VARIABLES, cli_markdown
from copilot_cli.repl.table import COMMANDS
from copilot_cli.settings import SETTINGS
from tests.pages import PAGES, ROOT, Block, read

TREE: Any = typer.main.get_command(cli)
GENERATED = "cli.md"
OF_OTHERS = {
    "XDG_RUNTIME_DIR",  # the login session's
    "CURL_CA_BUNDLE",  # what the simulator hands to other clients
    "NODE_EXTRA_CA_CERTS",
    "COPILOT_CHAT_LIVE_TOKEN",  # of the tests that talk to the real service
}


def paths(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """Yield the words that lead to each command below `command`, and to itself."""
    yield words
    for name in getattr(command, "list_commands", lambda _: ())(None):
        yield from paths(command.get_command(None, name), *words, name)


def test_the_page_on_the_command_line_is_the_help() -> None:
    """`docs/cli.md` is the command tree; write it anew when a command changes.

    python -c 'from copilot_cli.main import cli; from copilot_cli.reference import *
    print(cli_markdown(cli), end="")' > docs/cli.md
    """
    assert (ROOT / "docs" / GENERATED).read_text(encoding="utf-8") == cli_markdown(cli)


@pytest.mark.parametrize("words", list(paths(TREE)), ids=lambda words: "-".join(words) or "root")
def test_the_program_prints_the_help_of_the_page(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--help` on a terminal of 80 columns is what the page shows."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*words, "--help"]) == 0
    heading = " ".join(["## copilot-chat", *words])
    page = (ROOT / "docs" / GENERATED).read_text(encoding="utf-8")
    printed = capsys.readouterr().out.rstrip()
    assert f"{heading}\n\n```text\n{printed}\n```\n" in page


def options(command: Any) -> dict[str, Any]:
    """Return the options of one command by each of their names."""
    context = command.context_class(command, **command.context_settings)
    params = command.get_params(context)
    return {name: param for param in params for name in [*param.opts, *param.secondary_opts]}


def complaint(words: list[str]) -> str | None:
    """Return what is wrong with the words after `copilot-chat`, or None."""
    command, rest = TREE, list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("-") and len(word) > 1:
            option = options(command).get(word.partition("=")[0])
            if option is None and not re.fullmatch("-v+", word):
                return f"there is no {word}"
            takes_value = option is not None and not (option.is_flag or option.count)
            names_shell = word.endswith("-completion") and rest[:1] in [["bash"], ["zsh"], ["fish"]]
            if names_shell or (takes_value and "=" not in word and rest):
                rest.pop(0)
        elif hasattr(command, "list_commands"):
            command = command.get_command(None, word)
            if command is None:
                return f"there is no command {word}"
        elif not any(param.param_type_name == "argument" for param in command.params):
            return f"it takes no argument such as {word}"
    return None


def invocations(text: str) -> Iterator[list[str]]:
    """Yield the words after each `copilot-chat` that stands where a command stands."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()`")
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            words = list(lexer)
        except ValueError:  # half a quotation: prose, or a text over several lines
            words = line.split()
        for start, word in enumerate(words):
            if word == "copilot-chat":
                rest = words[start + 1 :]
                ends = [at for at, each in enumerate(rest) if re.fullmatch("[|&;<>()`#]+.*", each)]
                end = ends[0] if ends else len(rest)
                # The number before a `<` or `>` is a file descriptor.
                if ends and rest[end][0] in "<>" and end and rest[end - 1].isdigit():
                    end -= 1
                yield rest[:end]


def commands_in(path: Path) -> list[str]:
    """Return everything on a page that may hold a command: spans and the shell's blocks."""
    page = read(path)
    shell = [block.text for block in page.blocks if block.language in {"sh", "console"}]
    return [*page.spans(), *shell]


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.name != GENERATED], ids=lambda path: path.name
)
def test_every_command_named_exists_with_its_options(path: Path) -> None:
    """What stands after `copilot-chat` is a command, and each option one of that command's."""
    wrong = {
        " ".join(words): fault
        for text in commands_in(path)
        for words in invocations(text)
        if (fault := complaint(words))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("copilot-chat ask --jsn hello", "there is no --jsn"),
        ("copilot-chat sessions forget", "there is no command forget"),
        ("cat x | copilot-chat status now", "it takes no argument such as now"),
        ("copilot-chat --json status", "there is no --json"),
        ("copilot-chat -vv ask --model gpt-4o 'a | b' | head -n 3 --x", None),
    ],
)
def test_a_wrong_command_would_be_found(command: str, fault: str | None) -> None:
    """The test above can fail."""
    assert [complaint(words) for words in invocations(command)] == [fault]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_option_named_alone_exists(path: Path) -> None:
    """An option that is named without its command is one of some command."""
    known = {"--help", "--record"} | {  # the second is an option of the tests
        name for words in paths(TREE) for name in options(_command(words)) if name.startswith("--")
    }
    named = {span.split()[0].partition("=")[0] for span in read(path).spans() if span[:2] == "--"}
    assert named - known == set()


def _command(words: tuple[str, ...]) -> Any:
    command = TREE
    for word in words:
        command = command.get_command(None, word)
    return command


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_variable_named_is_read(path: Path) -> None:
    """What is written like a variable stands in the tables that the program reads."""
    known = OF_OTHERS | {name for setting in SETTINGS for name in setting.variables}
    known |= {name for variable in VARIABLES for name in variable.names}
    named = {
        word
        for text in commands_in(path)
        for word in re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text)
    }
    assert named - known == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_file_of_the_project_named_exists(path: Path) -> None:
    """A path into the repository leads somewhere; with a `*` in it, to at least one file."""
    named = {
        span
        for span in read(path).spans()
        if re.fullmatch(r"(copilot_cli|tests|docs|\.ci|\.github)/[\w./*-]*", span)
    }
    assert {name for name in named if not list(ROOT.glob(name.rstrip("/")))} == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """A link is to a file with, where one is named, the heading; or it is https."""
    broken = []
    for link in read(path).links():
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        if not target.is_file() or (anchor and anchor not in read(target).anchors()):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    """A page that nothing links to is not read."""
    linked = {link.partition("#")[0] for path in PAGES for link in read(path).links()}
    names = {Path(link).name for link in linked}
    assert {path.name for path in PAGES} - names <= {"README.md", "CHANGELOG.md"}


def _tree(kind: type[errors.CopilotChatError]) -> Iterator[type[errors.CopilotChatError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


def test_every_exit_code_is_explained() -> None:
    """The page has a row for each code of the error tree, and a section for each but Ctrl-C's."""
    codes = {kind.exit_code for kind in _tree(errors.CopilotChatError)}
    page = read(ROOT / "docs" / "exit-codes.md")
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", page.prose, re.M)}
    assert rows == codes | {0, 141}
    explained = set(re.findall(r"^## What does exit code (\d+) mean\?", page.prose, re.M))
    assert {int(code) for code in explained} == codes - {130}


def test_every_command_of_the_chat_is_explained() -> None:
    """The table of the chat's page has the chat's own commands and no other."""
    page = read(ROOT / "docs" / "chat.md")
    named = {span[1:].split()[0] for span in page.spans() if re.match(r"/\w", span)}
    assert named == {command.name for command in COMMANDS} | {"quit"}


def test_the_newest_version_has_a_day() -> None:
    """A version in the changelog has the date it was made, newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    days = [date.fromisoformat(day) for day in re.findall(r"^## \[\d.*\] - (.+)$", text, re.M)]
    assert days
    assert days == sorted(days, reverse=True)


def test_shell_blocks_that_are_not_run_are_few() -> None:
    """What is shown and not run installs something, signs in for real, or needs a secret."""
    shown: list[Block] = [
        block for path in PAGES for block in read(path).blocks if block.language == "console"
    ]
    real = re.compile(
        r"(pip|npm) (un)?install|copilot-chat (--host \S+ )?onboard|\$token|pytest|ruff|mypy"
        r"|copilot-chat logout|keys (move|rotate|export)|COPILOT_PROVIDER_"
    )
    assert [block.name for block in shown if not real.search(block.text)] == []
