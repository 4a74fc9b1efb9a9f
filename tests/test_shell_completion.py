"""Completion in the shell: what is offered, in which form, and that nothing else is written."""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer.main

from copilot_cli.effects import Effects
from copilot_cli.main import COMMANDS, cli, main
from copilot_cli.simulator import Scenario, Simulator
from copilot_cli.store.sessions import Sessions
from tests.test_startup import HEAVY

VARIABLE = "_COPILOT_CHAT_COMPLETE"
HOSTILE = "it's \"q\" `touch pwned` $(touch pwned) \\$(touch pwned) 'x'); touch pwned : \x1b[31m"


class Shell:
    """What a shell's script does: it runs the program with variables, and reads what it writes."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self.environ = {"COPILOT_CHAT_HOME": str(home), "COPILOT_CHAT_NO_KEYRING": "1"}
        self.exit_code = 0

    def bash(self, line: str) -> list[str]:
        """What bash offers at the end of `line`."""
        words = _split_as_bash(line)
        return self.ask(
            VARIABLE + "=complete_bash",
            "COMP_WORDS=" + "\n".join(words),
            f"COMP_CWORD={len(words) - 1}",
        ).splitlines()

    def of(self, shell: str, line: str, *more: str) -> str:
        """What another shell is told at the end of `line`."""
        return self.ask(f"{VARIABLE}=complete_{shell}", f"_TYPER_COMPLETE_ARGS={line}", *more)

    def ask(self, *variables: str) -> str:
        """Run the program with these variables; nothing is written to stderr, ever."""
        for variable in variables:
            name, _, value = variable.partition("=")
            self._monkeypatch.setenv(name, value)
            self.environ[name] = value
        out, err = io.StringIO(), io.StringIO()
        effects = Effects(environ=self.environ, stdin=io.StringIO(), stdout=out, stderr=err)
        self.exit_code = main([], effects)
        assert err.getvalue() == ""
        return out.getvalue()


def _split_as_bash(line: str) -> list[str]:
    """The words of `line` as COMP_WORDS has them: `=` is a word of its own."""
    words = [part for word in line.split(" ") for part in word.replace("=", "\0=\0").split("\0")]
    return [word for word in words[:-1] if word] + [words[-1]]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell of somebody who has never used the program."""
    return Shell(tmp_path / "home", monkeypatch)


@pytest.fixture
def used(shell: Shell) -> Shell:
    """A shell of somebody who is signed in, has a model list, a role and two conversations."""
    simulator = Simulator(Scenario(auto_approve="at_once"))
    for words in (["onboard", "--yes", "--store", "keyfile", "--no-verify"], ["models"]):
        streams = [io.StringIO() for _ in range(3)]
        effects = Effects(
            environ=dict(shell.environ),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            transport=simulator.transport(),
        )
        assert main(words, effects) == 0
    (shell.home / "roles").mkdir()
    (shell.home / "roles" / "review.md").write_text("Review.")
    (shell.home / "roles" / "bad role.md").write_text("no name")
    with closing(Sessions(shell.home / "conversations.db", print)) as sessions:
        for title in ("first", HOSTILE):
            session = sessions.create()
            sessions.append(session, None, "user", [])
            sessions.rename(session, title)
    return shell


# -- what is offered ------------------------------------------------------------------------------


def test_commands_are_offered_without_importing_one(shell: Shell) -> None:
    """By the table; hidden things are not offered."""
    assert shell.bash("copilot-chat ") == [row.name for row in COMMANDS]
    assert shell.bash("copilot-chat sug") == ["suggest"]
    assert shell.bash("copilot-chat --account x --host github.com mod") == ["models"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("copilot-chat --vers", ["--version"]),
        ("copilot-chat ask --no-s", ["--no-save", "--no-stream"]),
        ("copilot-chat sessions sh", ["show"]),
        ("copilot-chat sessions show --js", ["--json"]),
        ("copilot-chat ask --render ", ["auto", "always", "never"]),
        ("copilot-chat ask --render=a", ["auto", "always"]),
        ("copilot-chat ask --render=", ["auto", "always", "never"]),
        ("copilot-chat --color n", ["never"]),
        ("copilot-chat onboard --method ", ["device", "token", "env", "gh", "ide", "byok"]),
        ("copilot-chat config get ui", ["ui.plain"]),
        ("copilot-chat config set keys ", ["emacs", "vi"]),
        ("copilot-chat config set ui.plain ", ["true", "false"]),
        ("copilot-chat config set role ", ["code", "explain", "shell"]),
        ("copilot-chat ask hello ", []),
        ("copilot-chat ask --output ", []),
        ("copilot-chat config set retries ", []),
        ("copilot-chat nonesuch ", []),
        ("copilot-chat ask --help ", []),
        ("copilot-chat --version ", [row.name for row in COMMANDS]),
        ("copilot-chat 'half a quot", []),
    ],
)
def test_names_and_words_are_offered(shell: Shell, line: str, offered: list[str]) -> None:
    """Where there is nothing to offer the shell goes on with the names of files."""
    assert shell.bash(line) == offered
    assert shell.exit_code == 0
    assert not shell.home.exists()


@pytest.mark.parametrize(
    "option", ["--version", "--help", "--show-completion", "--install-completion"]
)
def test_no_option_on_the_line_is_obeyed(
    shell: Shell, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is being typed; nothing on it is meant yet."""
    shell.bash(f"copilot-chat {option} ")
    assert capsys.readouterr() == ("", "")
    assert not list(Path(os.environ["HOME"]).iterdir())


def test_live_values_come_from_files(used: Shell) -> None:
    """Models, roles, conversations and accounts as they are, and no disabled model."""
    models = used.bash("copilot-chat ask -m ")
    assert {"sim-echo", "gpt-4o"} <= set(models)
    assert "sim-disabled" not in models
    assert used.bash("copilot-chat ask --model=sim-ec") == ["sim-echo"]
    assert used.bash("copilot-chat config set model sim-ec") == ["sim-echo"]
    assert "sim-disabled" in used.bash("copilot-chat models enable ")
    assert "sim-echo" not in used.bash("copilot-chat models enable ")
    assert used.bash("copilot-chat config set effort ") == ["low", "medium", "high", "xhigh"]
    assert used.bash("copilot-chat config set role re") == ["review"]
    assert used.bash("copilot-chat --account ") == ["octocat"]
    assert len(used.bash("copilot-chat sessions show ")) == 2


def test_the_home_on_the_line_counts(used: Shell) -> None:
    """The values are those of the folder that the command would use."""
    used.environ["COPILOT_CHAT_HOME"] = str(used.home / "other")
    assert used.bash("copilot-chat sessions show ") == []
    assert len(used.bash(f"copilot-chat --home {used.home} sessions show ")) == 2


def test_models_of_another_host_are_not_offered(used: Shell) -> None:
    """The list is that of the host it came from, however old it is."""
    assert used.bash("copilot-chat --host octo.ghe.com ask -m ") == []
    (cache,) = (used.home / "cache").glob("models-*.json")
    kept = json.loads(cache.read_text())
    kept["at"] = 0
    cache.write_text(json.dumps(kept))
    assert "sim-echo" in used.bash("copilot-chat ask -m ")


def _options(command: Any) -> Iterator[Any]:
    for name in getattr(command, "list_commands", lambda _: ())(None):
        yield from _options(command.get_command(None, name))
    yield from (param for param in command.params if param.param_type_name == "option")


LIVE = {"--model", "--role", "--session", "--account", "--effort"}


def test_every_option_that_has_live_values_is_offered_them(used: Shell) -> None:
    """Wherever it is: the values hang on the name of the option."""
    root: Any = typer.main.get_command(cli)
    found = 0
    for name in root.list_commands(None):
        command = root.get_command(None, name)
        for option in command.params:
            for each in LIVE.intersection(option.opts):
                found += 1
                assert used.bash(f"copilot-chat {name} {each} "), f"{name} {each}"
    assert found >= 4


# -- the shells' forms ----------------------------------------------------------------------------


def test_zsh_gets_words_with_their_explanations(shell: Shell) -> None:
    """As the arguments of its own function; where there is nothing, files."""
    assert shell.of("zsh", "copilot-chat sug") == (
        '_arguments \'*: :(("suggest":"Get one shell command, printed and never run."))\'\n'
    )
    assert shell.of("zsh", "copilot-chat ask --render=al") == (
        "_arguments '*: :((\"--render=always\"))'\n"
    )
    assert shell.of("zsh", "copilot-chat nonesuch ") == "_files\n"


def test_fish_asks_first_whether_there_is_something(shell: Shell) -> None:
    """Exit code 1: it offers files instead."""
    action = "_TYPER_COMPLETE_FISH_ACTION="
    assert shell.of("fish", "copilot-chat sug", action + "get-args") == (
        "suggest\tGet one shell command, printed and never run.\n"
    )
    assert (shell.of("fish", "copilot-chat sug", action + "is-args"), shell.exit_code) == ("", 0)
    assert (shell.of("fish", "copilot-chat nope ", action + "is-args"), shell.exit_code) == ("", 1)


@pytest.mark.parametrize("name", ["powershell", "pwsh"])
def test_powershell_gets_words_with_their_explanations(shell: Shell, name: str) -> None:
    """An explanation is never empty there."""
    word = "_TYPER_COMPLETE_WORD_TO_COMPLETE="
    assert shell.of(name, "copilot-chat sug", word + "sug") == (
        "suggest:::Get one shell command, printed and never run.\n"
    )
    assert shell.of(name, "copilot-chat config set keys v", word + "v") == "vi::: \n"


@pytest.mark.parametrize("name", ["bash", "zsh", "fish", "pwsh"])
def test_no_foreign_text_reaches_the_shell(used: Shell, name: str) -> None:
    """A title can hold anything; nothing in it is left that a shell obeys."""
    with closing(sqlite3.connect(used.home / "conversations.db")) as database:
        database.execute("UPDATE sessions SET id = ? WHERE title = 'first'", ("$(touch pwned)",))
        database.commit()
    line = "copilot-chat sessions show "
    if name == "bash":
        written = "\n".join(used.bash(line))
    else:
        written = used.of(name, line, "_TYPER_COMPLETE_FISH_ACTION=get-args")
    assert "$(touch" not in written
    inside = written.removeprefix("_arguments '*: :((").removesuffix("))'\n")
    assert not set(inside) & set("`$\\'();|&<>\x1b!*?[]{}~#^")
    assert name == "bash" or "touch pwned" in written


@pytest.mark.parametrize("instruction", ["complete_tcsh", "source_bash", "complete", "x", "_"])
def test_any_other_instruction_says_nothing(shell: Shell, instruction: str) -> None:
    """Exit code 1, and not a word on the terminal."""
    assert shell.ask(f"{VARIABLE}={instruction}") == ""
    assert shell.exit_code == 1


# -- wrong states --------------------------------------------------------------------------------


def _break_settings(home: Path) -> None:
    (home / "config.toml").write_text("model = \n")


def _break_database(home: Path) -> None:
    (home / "conversations.db").write_bytes(b"no database at all" * 100)


def _break_cache(home: Path) -> None:
    for kept in (home / "cache").glob("models-*.json"):
        kept.write_bytes(b"\xff{")


def _break_store(home: Path) -> None:
    (home / "secrets" / "store.json").write_text("{}")


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_break_settings, "copilot-chat ask -m "),
        (_break_database, "copilot-chat sessions show "),
        (_break_cache, "copilot-chat ask -m "),
        (_break_store, "copilot-chat --account "),
    ],
)
def test_a_wrong_state_offers_nothing_and_says_nothing(used: Shell, damage: Any, line: str) -> None:
    """And what is damaged stays as it was found."""
    assert used.bash(line)
    damage(used.home)
    before = {path: path.read_bytes() for path in used.home.rglob("*") if path.is_file()}
    assert used.bash(line) == []
    assert used.exit_code == 0
    assert {path: path.read_bytes() for path in before} == before


def test_a_database_somebody_writes_to_can_be_read(used: Shell) -> None:
    """A writer holds its lock; reading goes on beside it."""
    with closing(sqlite3.connect(used.home / "conversations.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE sessions SET title = 'x'")
        assert len(used.bash("copilot-chat sessions show ")) == 2
        database.execute("ROLLBACK")


# -- the scripts ----------------------------------------------------------------------------------


def run(*words: str, **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    effects = Effects(environ=environ, stdin=io.StringIO(), stdout=out, stderr=err)
    return main(words, effects), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_the_script_of_each_shell_can_be_shown(name: str) -> None:
    """For the shell that is named, or the person's own."""
    code, script, err = run("--show-completion", name)
    assert (code, err) == (0, "")
    assert VARIABLE in script
    assert "copilot-chat" in script
    if name in {"bash", "zsh", "fish"}:
        assert run("--show-completion", SHELL=f"/bin/{name}") == (0, script, "")


@pytest.mark.parametrize("option", ["--show-completion", "--install-completion"])
def test_a_shell_without_completion_is_wrong_usage(option: str) -> None:
    """Exit code 2, and those that have one."""
    code, out, err = run(option, SHELL="/bin/dash")
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no completion for dash\nhint: name one of bash, zsh")


@pytest.mark.parametrize(
    ("name", "made", "read"),
    [
        ("bash", ".bash_completions/copilot-chat.sh", ".bashrc"),
        ("zsh", ".zfunc/_copilot-chat", ".zshrc"),
        ("fish", ".config/fish/completions/copilot-chat.fish", None),
    ],
)
def test_it_is_installed_once(name: str, made: str, read: str | None) -> None:
    """A second time changes nothing that matters; what was in the file stays."""
    home = Path(os.environ["HOME"])
    if read:
        (home / read).write_text("alias ll='ls -l'\n")
    for _ in range(2):
        code, out, err = run("--install-completion", name)
        assert (code, out) == (0, "")
        assert str(home / made) in err
    assert VARIABLE in (home / made).read_text()
    if read:
        text = (home / read).read_text()
        assert text.startswith("alias ll='ls -l'\n")
        assert len([line for line in text.splitlines() if line.strip()]) <= 3


def test_what_cannot_be_installed_is_an_error_with_a_way_out() -> None:
    """A file stands where the folder should."""
    home = Path(os.environ["HOME"])
    (home / ".bash_completions").write_text("")
    code, out, err = run("--install-completion", "bash")
    assert (code, out) == (1, "")
    assert err.startswith("error: completion for bash cannot be installed: ")
    assert "hint: put what `copilot-chat --show-completion bash` prints" in err


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script of sh")
def test_the_profile_of_powershell_gets_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PowerShell says where its profile is; nothing else of it is changed."""
    profile = tmp_path / "config" / "profile.ps1"
    program = tmp_path / "pwsh"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\necho "{profile}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    profile.parent.mkdir()
    profile.write_text("Set-Alias ll ls\n")
    for _ in range(2):
        assert run("--install-completion", "pwsh")[0] == 0
    text = profile.read_text()
    assert text.startswith("Set-Alias ll ls\n")
    assert text.count("Register-ArgumentCompleter") == 1
    assert "ExecutionPolicy" not in (tmp_path / "asked").read_text()


# -- real shells -----------------------------------------------------------------------------------


@pytest.mark.real
def test_completing_loads_nothing_heavy(used: Shell, tmp_path: Path) -> None:
    """No network, no keyring, no cryptography: a word has to be there before the finger is up."""
    show = "import sys; print('\\n'.join(sorted({m.partition('.')[0] for m in sys.modules})))"
    code = f"from copilot_cli.main import main; main([]); {show}"
    for line in ("ask -m ", "sessions show ", "--account ", "config set role "):
        words = ["copilot-chat", *line.split(" ")]
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                **used.environ,
                VARIABLE: "complete_bash",
                "COMP_WORDS": "\n".join(words),
                "COMP_CWORD": str(len(words) - 1),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert set(done.stdout.split()) & (HEAVY - {"sqlite3"}) == set(), line


@pytest.mark.real
@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_real_shell_completes(used: Shell, tmp_path: Path, name: str) -> None:
    """The script is read, Tab is pressed, and the word is there."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    import pexpect

    program = tmp_path / "bin" / "copilot-chat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m copilot_cli "$@"\n')
    program.chmod(0o755)
    home = tmp_path / "person"
    home.mkdir()
    environ = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "HOME": str(home),
        "TERM": "xterm",
        **{key: used.environ[key] for key in ("COPILOT_CHAT_HOME", "COPILOT_CHAT_NO_KEYRING")},
    }
    subprocess.run([program, "--install-completion", name], env=environ, check=True)
    child: Any = pexpect.spawn(name, ["-i"], env=environ, dimensions=(24, 100), timeout=20)
    try:
        child.send("copilot-chat sug\t")
        child.expect("suggest")
        child.send("x; copilot-chat ask --model=sim-ec\t")
        child.expect("sim-echo")
        child.send("; copilot-chat sessions show \t\t")
        child.expect("[0-9a-z]{6}")
    finally:
        child.close(force=True)
    assert not list(tmp_path.rglob("pwned"))
