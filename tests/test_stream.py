"""Which writer an answer gets, and what the plain one does."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.ui.console import Streams
from copilot_cli.ui.rendering import TerminalWriter
from copilot_cli.ui.safe import utf8
from copilot_cli.ui.stream import AnswerWriter, Aside, PlainWriter, make_writer
from tests.test_console import streams

_ANY = st.text(st.characters(exclude_categories=[]))


def out(ours: Streams) -> str:
    return ours.stdout.getvalue()  # type: ignore[attr-defined, no-any-return]


def err(ours: Streams) -> str:
    return ours.stderr.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("stdout", "render", "env", "expected"),
    [
        (True, "auto", {}, TerminalWriter),
        (True, "always", {}, TerminalWriter),
        (True, "never", {}, PlainWriter),
        (False, "auto", {}, PlainWriter),
        (False, "always", {}, TerminalWriter),
        (True, "auto", {"TERM": "dumb"}, PlainWriter),
        (True, "always", {"TERM": "dumb"}, TerminalWriter),
    ],
)
def test_which_writer(
    stdout: bool, render: str, env: dict[str, str], expected: type[AnswerWriter]
) -> None:
    """Rendered on a terminal that can move its cursor, or where it is asked for."""
    assert isinstance(make_writer(streams(env, stdout=stdout), render), expected)


@settings(deadline=None)
@given(st.lists(_ANY, max_size=5))
def test_a_pipe_gets_the_answer_as_it_came(parts: list[str]) -> None:
    """Character for character, nothing added, lone surrogates apart."""
    written: list[bytes] = []
    with PlainWriter(written.append) as writer:
        for part in parts:
            writer.text(part)
        writer.end()
    assert b"".join(written) == b"".join(map(utf8, parts))


def test_a_plain_terminal_is_safe_and_ends_its_line() -> None:
    """`--render never` and TERM=dumb: the source, without what acts, and a last line end."""
    ours = streams({"TERM": "dumb"})
    with make_writer(ours) as writer:
        writer.text("**as** it came\x1b[2J")
        assert out(ours) == "**as** it came␛[2J"
        writer.end()
    assert out(ours) == "**as** it came␛[2J\n"


def test_rendered_into_a_pipe() -> None:
    """`--render always`: finished blocks, no colour, no sequence."""
    ours = streams(stdout=False)
    with make_writer(ours, "always") as writer:
        writer.text("# Title\n\n- **a**\n- b")
    assert out(ours) == "# Title\n\n• a\n• b\n"


def test_rendered_into_a_pipe_with_forced_colour() -> None:
    """FORCE_COLOR brings the styles, and still no cursor movement."""
    ours = streams({"FORCE_COLOR": "1"}, stdout=False)
    with make_writer(ours, "always") as writer:
        writer.text("**a**")
    assert out(ours) == "\x1b[1ma\x1b[m\n"


def test_no_color_on_a_terminal() -> None:
    """NO_COLOR: rendered, and not styled."""
    ours = streams({"NO_COLOR": "1"})
    with make_writer(ours) as writer:
        writer.text("**a** `b`\n\n")
    assert "\x1b[1m" not in out(ours)
    assert out(ours).endswith("a `b`\r\n")


class File:
    """A file that an answer goes to."""

    data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def test_a_file_gets_the_answer_as_it_came() -> None:
    """An answer into a file is the source, though stdout is a terminal."""
    ours, file = streams(), File()
    with make_writer(ours, file=file) as writer:
        writer.text("**a**\x1b")
        writer.end()
    assert file.data == b"**a**\x1b"
    assert out(ours) == ""


def test_reasoning_of_a_piped_answer_is_on_stderr() -> None:
    """stdout has the answer and nothing else; reasoning ends its line before it."""
    ours = streams(stdout=False, stderr=False)
    with make_writer(ours) as writer:
        writer.reasoning("let me ")
        writer.reasoning("think")
        writer.text("answer")
        writer.end()
    assert (out(ours), err(ours)) == ("answer", "let me think\n")


def test_a_notice_after_reasoning_has_a_line_of_its_own() -> None:
    """A call of a tool, or an error, does not run on from the thoughts before it; nor do those."""
    ours = streams(stdout=False, stderr=False)
    with make_writer(ours) as writer:
        writer.reasoning("hm")
        ours.notice("→ read_file")
        ours.notice("← read_file")
        writer.reasoning("aha")
        ours.error("boom")
    assert err(ours) == "hm\n→ read_file\n← read_file\naha\nerror: boom\n"


def test_reasoning_on_a_terminal_is_dim_and_safe() -> None:
    """On a terminal reasoning is foreign text like any other."""
    ours = streams(stdout=False)
    aside = Aside(ours)
    aside.write("hm\x1b[2J")
    aside.end()
    assert err(ours) == "\x1b[2mhm␛[2J\x1b[m\n"


def test_reasoning_goes_to_stderr_when_that_is_a_file() -> None:
    """A rendered answer on the terminal has its reasoning in the log, not on the screen."""
    ours = streams(stderr=False)
    with make_writer(ours) as writer:
        writer.reasoning("hm")
        writer.text("answer")
    assert err(ours) == "hm\n"
    assert "hm" not in out(ours)


def test_a_broken_pipe_is_raised_once() -> None:
    """The first write raises; leaving the `with` adds nothing."""

    def write(data: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError), PlainWriter(write, terminal=True) as writer:
        writer.text("text")


@pytest.mark.real
def test_the_piped_path_imports_nothing_heavy() -> None:
    """A plain answer is written without rich, markdown-it or Pygments in the process."""
    program = (
        "import sys\n"
        "from copilot_cli.ui.console import Streams\n"
        "from copilot_cli.ui.stream import make_writer\n"
        "with make_writer(Streams(sys.stdin, sys.stdout, sys.stderr)) as w: w.text('as it came')\n"
        "heavy = {'rich', 'markdown_it', 'pygments', 'asyncio', 'httpx'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=dict(os.environ), check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"as it came", b"")
