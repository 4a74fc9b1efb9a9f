"""The one command of an answer, however a model wraps it."""

import pytest

from copilot_cli.shell_command import command_in, reason_in

LOOP = 'for file in *.py; do\n  wc -l "$file"\ndone'
HERE = "cat > notes.txt <<'EOF'\nfirst\n\n  second\nEOF"


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("ls -la", "ls -la"),
        ("\n  ls -la  \n", "ls -la"),
        ("```bash\nls -la\n```", "ls -la"),
        ("```\n\n    ls -la\n\n```", "ls -la"),
        ("~~~sh\nls -la\n~~~", "ls -la"),
        ("```sh\nls -la", "ls -la"),
        ("Here you are:\n\n```sh\nls -la\n```\n\nIt lists all files.", "ls -la"),
        ("```sh\nls\n```\nor\n```sh\nls -a\n```", "ls"),
        ("1. Do this:\n\n   ```sh\n   ls -la\n   ```\n", "ls -la"),
        ("`ls -la`", "ls -la"),
        ("``echo `date` ``", "echo `date`"),
        ("Use `ls -la`", "ls -la"),
        ("You can run `du -sh * | sort -h`.", "du -sh * | sort -h"),
        ("echo `date`", "echo `date`"),
        ("ls -la\n\nThis lists all files.", "ls -la"),
        ("ls -la\nThis lists all files.", "ls -la"),
        ("Here is the command:\n\nls -la\n", "ls -la"),
    ],
)
def test_what_surrounds_the_command_is_left_out(answer: str, command: str) -> None:
    """No fence, no quotation marks, no sentence."""
    assert command_in(answer, "bash") == command


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        ("$ ls -la", "ls -la"),
        ("% ls -la", "ls -la"),
        ("❯ ls -la", "ls -la"),
        ("PS> Get-ChildItem", "Get-ChildItem"),
        ("PS C:\\Users\\me> Get-ChildItem", "Get-ChildItem"),
        ("C:\\> dir", "dir"),
        ("me@host:~/work$ ls -la", "ls -la"),
        ("[me@host work]$ ls -la", "ls -la"),
        ("root@host:/# ls -la", "ls -la"),
        ("```console\n$ ls\na.txt\nb.txt\n```", "ls"),
        ("```console\n# ls\na.txt\n```", "ls"),
        ("```console\n$ cat <<EOF\n> hi\n> EOF\nhi\n```", "cat <<EOF\nhi\nEOF"),
        ("```console\n$ find . \\\n    -name x\n./x\n```", "find . \\\n    -name x"),
        ("> out.txt", "> out.txt"),
        ("$HOME/bin/x", "$HOME/bin/x"),
        ("echo '$ x'", "echo '$ x'"),
    ],
)
def test_prompt_signs_and_output_are_left_out(answer: str, command: str) -> None:
    """A prompt sign is what stands before a space at the beginning, and no redirection."""
    assert command_in(answer, "bash") == command


@pytest.mark.parametrize(
    "command",
    [
        LOOP,
        HERE,
        "find . \\\n  -name '*.py' \\\n  -delete",
        "ps aux |\n  sort -k3",
        "make &&\nmake install",
        "echo 'one\ntwo'",
        'git commit -m "one\n\ntwo"',
        "if true; then\n  ls\nfi",
        "Get-ChildItem `\n  -Recurse",
        'rename() {\n  mv "$1" "$2"\n}',
        "awk '\n  { print $1 }\n' file",
    ],
)
@pytest.mark.parametrize("form", ["{}", "```sh\n{}\n```", "```sh\n# what it does\n{}\n\n```"])
def test_lines_that_need_each_other_stay_lines(command: str, form: str) -> None:
    """A quotation, a loop, a here-document or an escaped end is several lines, untouched."""
    assert command_in(form.replace("{}", command, 1), "bash") == command


@pytest.mark.parametrize(
    ("shell", "command"),
    [
        ("bash", "cd src && make -j2"),
        ("fish", "cd src && make -j2"),
        ("PowerShell", "cd src; make -j2"),
    ],
)
def test_steps_become_one_line(shell: str, command: str) -> None:
    """What would run line by line is joined as the shell joins it."""
    assert command_in("```\ncd src;\n# then\nmake -j2\n```", shell) == command


@pytest.mark.parametrize(
    "answer",
    [
        "```sh\nmkdir x\n# or, with its parents\nmkdir -p x\n```",
        "```sh\nmkdir x\n# Alternative:\nmkdir -p x\n```",
    ],
)
def test_of_alternatives_there_is_one(answer: str) -> None:
    """Not both of them are run."""
    assert command_in(answer, "bash") == "mkdir x"


@pytest.mark.parametrize(
    "command",
    ["find . -exec ls {} \\;", "sleep 1 &", "ls;", "echo '#'", "echo a # b", "ls | wc -l"],
)
def test_a_line_stays_as_it_is(command: str) -> None:
    """Nothing of a command is tidied."""
    assert command_in(command, "bash") == command


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("# it needs a graphical program", "it needs a graphical program"),
        ("```sh\n# no\n# such thing\n```", None),
        ("", None),
        ("```sh\n```", None),
    ],
)
def test_no_command(answer: str, reason: str | None) -> None:
    """Comments alone are the reason why there is none."""
    assert command_in(answer, "bash") is None
    assert reason_in(answer) == reason
