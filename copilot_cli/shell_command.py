"""The one shell command that a model's answer holds.

Models are asked for the bare command and give it in a fence, behind a prompt sign, or between two
sentences. Rule: nothing of the command itself is changed. Lines stay lines where one needs another
(a quotation, a loop, a here-document); else they are steps, and become one line.
"""

import re
from collections.abc import Sequence

from copilot_cli.fences import blocks

_CONSOLES = {"console", "shell-session", "shellsession", "sh-session", "session"}
_PROMPT = re.compile(
    r"\s*(?:[$%❯➜]|PS(?: [^>]*)?>|[A-Z]:\\[^<>|]*>|\[?[\w.-]+@[\w.-]+[^$#%]{0,80}[$#%]) +(?=\S)"
)
_ROOT_PROMPT = re.compile(r"\s*# +(?=\S)")
_SENTENCE = re.compile(
    r"\s*(?:[-*] )?(?:[A-Z][a-z']*,? .*[a-z0-9)`'\"][.:!?]\s*$"
    r"|(?:Use|Run|Try|You|The|To|This|It|Here|Just|Note|Warning)\b)",
    re.DOTALL,
)
_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_OTHERWISE = re.compile(r"\b(or|alternativ\w*|option|instead|otherwise)\b", re.IGNORECASE)
# What makes a line need the next: an escaped end, an operator, a here-document, a keyword.
_GOES_ON = re.compile(
    r"[\\`^|({\[,&]\s*$"
    r"|<<[-~]?\s*[\"']?\w|@[\"']\s*$"
    r"|(?:^|[;&|])\s*(?:for|foreach|while|until|if|case|select|switch|function|begin|try)\b"
)
_END = re.compile(r"\s*(?<![\\;]);$")
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""")


def command_in(answer: str, shell: str) -> str | None:
    """Return the command of `answer`, without a line end; None where there is none.

    `shell` is its name, such as bash, fish or PowerShell.
    """
    fenced = blocks(answer)
    if not fenced:
        lines = _paragraph(answer)
    else:
        block = next((block for block in fenced if block.source.strip()), fenced[0])
        lines = [line.rstrip() for line in block.source.splitlines()]
        if block.language.lower() in _CONSOLES:
            lines = [_ROOT_PROMPT.sub("$ ", line) for line in lines]
    lines = _trimmed(_typed(lines))
    if _need_each_other(lines):
        return "\n".join(lines)
    steps = _steps(lines)
    joint = "; " if shell.lower() in {"powershell", "pwsh"} else " && "
    return joint.join([*(_END.sub("", step) for step in steps[:-1]), *steps[-1:]]) or None


def reason_in(answer: str) -> str | None:
    """Return why there is no command, where the answer says so in comments; else None."""
    said = [line.strip().lstrip("#").strip() for line in answer.splitlines() if line.strip()]
    comments = all(line.lstrip().startswith("#") for line in answer.splitlines() if line.strip())
    return " ".join(said) if said and comments else None


def _paragraph(answer: str) -> list[str]:
    """Return the lines of the command in an answer without a fence: its first that is no prose."""
    text = answer.strip()
    inline = _INLINE.search(text)
    if inline and (inline.group() == text or _SENTENCE.match(text)):
        return inline[2].strip().splitlines()
    paragraphs = [part.splitlines() for part in re.split(r"\n[ \t]*\n", text)]
    commands = [
        [line.rstrip() for line in part if not _SENTENCE.match(line)] for part in paragraphs
    ]
    commands = [part for part in commands if part]
    if not commands:
        return text.splitlines()
    whole = [line for part in commands for line in [*part, ""]]
    return whole if _need_each_other(commands[0]) else commands[0]


def _typed(lines: list[str]) -> list[str]:
    """Return what was typed in a transcript with prompts, without what was printed."""
    first = next((line for line in lines if line.strip()), "")
    if not _PROMPT.match(first):
        return lines
    typed: list[str] = []
    for line in lines[lines.index(first) :]:
        if _PROMPT.match(line):
            typed.append(_PROMPT.sub("", line, count=1))
        elif line.startswith("> ") or typed[-1].endswith("\\"):
            typed.append(line.removeprefix("> "))
    return typed


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Return `lines` without blank lines and comments around them, nor their common indentation."""
    from textwrap import dedent

    inner = dedent("\n".join(lines)).splitlines()
    first = next((at for at, line in enumerate(inner) if not _is_aside(line)), len(inner))
    while inner and _is_aside(inner[-1]):
        inner.pop()
    return inner[first:]


def _is_aside(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _need_each_other(lines: Sequence[str]) -> bool:
    """Say whether some of `lines` is no command without the next."""
    return any(
        _GOES_ON.search(line) or re.search("[\"']", _QUOTED.sub("", line))
        for line in lines
        if not _is_aside(line)
    )


def _steps(lines: list[str]) -> list[str]:
    """Return the commands of `lines`, each a line; a comment that offers another ends them."""
    steps: list[str] = []
    for line in lines:
        if line.lstrip().startswith("#"):
            if steps and _OTHERWISE.search(line):
                break
        elif line.strip():
            steps.append(line.strip())
    return steps
