"""The streams: who is there, what may be coloured, and bytes that arrive whole."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from copilot_cli.errors import CopilotChatError
from copilot_cli.ui.console import Streams, json_bytes, write_bytes

FULL = Path("/dev/full")


class Terminal(io.StringIO):
    """A stand-in for a terminal."""

    def isatty(self) -> bool:
        return True


def streams(
    env: Mapping[str, str] | None = None,
    *,
    stdin: bool = True,
    stdout: bool = True,
    stderr: bool = True,
    color: str = "auto",
) -> Streams:
    """Return streams of which these are terminals, in this environment."""
    kinds = [Terminal() if terminal else io.StringIO() for terminal in (stdin, stdout, stderr)]
    return Streams(*kinds, color=color, environ=env or {})


@pytest.mark.parametrize(
    ("stdin", "stdout", "stderr", "person"),
    [
        (True, True, True, True),
        (True, False, True, True),
        (False, True, True, False),
        (True, True, False, False),
    ],
    ids=["terminal", "answer piped", "input piped", "stderr in a file"],
)
def test_a_person_is_there(stdin: bool, stdout: bool, stderr: bool, person: bool) -> None:
    """Somebody can be asked where stdin and stderr are terminals, wherever stdout goes."""
    ours = streams(stdin=stdin, stdout=stdout, stderr=stderr)
    assert ours.person is person
    assert ours.stdout_is_terminal is stdout


@pytest.mark.parametrize(
    ("terminal", "color", "env", "expected"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (False, "auto", {"FORCE_COLOR": "0"}, False),
        (True, "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (True, "always", {"NO_COLOR": "1"}, True),
        (False, "always", {}, True),
        (True, "never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(terminal: bool, color: str, env: dict[str, str], expected: bool) -> None:
    """--color, then NO_COLOR, then FORCE_COLOR, then TERM=dumb, then what the stream is."""
    assert streams(env, stdout=terminal, color=color).color is expected


def test_colour_is_decided_for_each_stream() -> None:
    """An answer into a pipe is bare while errors on the terminal are coloured."""
    ours = streams(stdout=False)
    assert (ours.color, ours.stderr_color) == (False, True)


def test_a_dumb_terminal_moves_no_cursor() -> None:
    """TERM=dumb says so; every other terminal obeys."""
    assert streams({"TERM": "dumb"}).dumb
    assert not streams({"TERM": "xterm"}).dumb


@pytest.mark.parametrize(
    ("columns", "expected"), [("", 80), ("40", 40), ("200", 200), ("x", 80), ("0", 80), ("-5", 80)]
)
def test_columns_wins(columns: str, expected: int) -> None:
    """COLUMNS gives the width where it is a number; else 80, where nothing says more."""
    assert streams({"COLUMNS": columns}).size() == (expected, 24)


def test_a_notice_is_dim_and_safe() -> None:
    """What is said in passing cannot act on the terminal."""
    ours = streams()
    ours.notice("model: \x1b[2Jx")
    assert ours.stderr.getvalue() == "\x1b[2mmodel: ␛[2Jx\x1b[0m\n"  # type: ignore[attr-defined]
    assert ours.stdout.getvalue() == ""  # type: ignore[attr-defined]


def test_an_error_says_what_happened_and_what_to_do() -> None:
    """`error:` and `hint:` on stderr, and only `error:` where there is no hint."""
    ours = streams(stderr=False)
    ours.error("it broke\x07", "mend it")
    ours.error("again")
    expected = "error: it broke␇\nhint: mend it\nerror: again\n"
    assert ours.stderr.getvalue() == expected  # type: ignore[attr-defined]


def test_an_error_is_coloured_on_a_terminal() -> None:
    """The word is red, the message is not."""
    ours = streams()
    ours.error("it broke")
    assert ours.stderr.getvalue() == "\x1b[1;31merror:\x1b[0m it broke\n"  # type: ignore[attr-defined]


def test_json_is_readable_and_cannot_act() -> None:
    """Controls, separators and bidi marks are escaped; a lone surrogate is replaced."""
    value = {"text": "é日\x1b\x7f\x9b\u2028\u202e\ud800\U000e0041"}
    data = json_bytes(value)
    assert data.endswith(b"}\n")
    assert "é日" in data.decode()
    for char in "\x1b\x7f\x9b\u2028\u202e\U000e0041":
        assert char not in data.decode()
    assert json.loads(data)["text"] == "é日\x1b\x7f\x9b\u2028\u202e\ufffd\U000e0041"


def test_json_on_one_line() -> None:
    """Without indent a value is one line, for JSON lines."""
    assert json_bytes({"a": [1, "x\ny"]}, indent=None) == b'{"a": [1, "x\\ny"]}\n'


def test_a_table_for_a_person_is_aligned() -> None:
    """Columns stand under their names."""
    ours = streams({"NO_COLOR": "1"})
    ours.table(("id", "context"), [("gpt", 128), ("a-longer-one", "\x1b[2J")])
    assert ours.stdout.getvalue() == (  # type: ignore[attr-defined]
        "id            context\ngpt           128\na-longer-one  ␛[2J\n"
    )


def test_a_table_without_a_row_has_no_head() -> None:
    """A person is told in words that there is nothing."""
    ours = streams({"NO_COLOR": "1"})
    ours.table(("id", "context"), [])
    assert ours.stdout.getvalue() == ""  # type: ignore[attr-defined]


def test_a_table_for_a_program_is_tabs() -> None:
    """Into a pipe: one line a row, tabs between, no head, nothing that could be taken for one."""
    ours = streams(stdout=False)
    ours.table(("id", "name"), [("a\tb", "c\nd")])
    assert ours.stdout.getvalue() == "a b\tc d\n"  # type: ignore[attr-defined]


@pytest.fixture
def pipe() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """A pipe: its reading end, and a stream on its writing end."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
    os.close(reader)


def test_bytes_arrive_at_once_and_after_what_was_printed(
    pipe: tuple[int, io.TextIOWrapper],
) -> None:
    """Bytes are in the pipe when the call returns, and keep their order with buffered text."""
    reader, stream = pipe
    stream.write("first ")
    write_bytes(stream, b"second")
    assert os.read(reader, 100) == b"first second"


def test_a_full_pipe_that_does_not_block_is_waited_for(
    pipe: tuple[int, io.TextIOWrapper],
) -> None:
    """Somebody made the pipe non-blocking: nothing is lost, nothing raised."""
    reader, stream = pipe
    os.set_blocking(stream.fileno(), False)
    data = os.urandom(300_000)
    received = bytearray()

    def read() -> None:
        while len(received) < len(data):
            received.extend(os.read(reader, 65536))

    thread = threading.Thread(target=read)
    thread.start()
    write_bytes(stream, data)
    thread.join(30)
    assert bytes(received) == data


def test_a_reader_that_is_gone_is_a_broken_pipe() -> None:
    """Nobody reads: BrokenPipeError, which main turns into 141."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    with pytest.raises(BrokenPipeError):
        write_bytes(stream, b"text")
    stream.close()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_an_error_of_ours() -> None:
    """It is told with the system's reason, and exit code 1."""
    with FULL.open("w") as stream, pytest.raises(CopilotChatError) as caught:
        write_bytes(stream, b"text")
    assert (caught.value.exit_code, caught.value.kind) == (1, "output")
    assert caught.value.message == "the output cannot be written: No space left on device"


APART = """
import os, subprocess, sys
from copilot_cli.ui.console import Streams
streams = Streams(sys.stdin, sys.stdout, sys.stderr)
print("before")
for _ in range(2):
    streams.keep_stdout()
print("printed", flush=True)
os.write(1, b"written\\n")
subprocess.run([sys.executable, "-c", "print('started')"], check=True)
streams.out_bytes(b"answer\\n")
"""


@pytest.mark.real
def test_stdout_that_is_kept_is_written_by_nobody_else() -> None:
    """Neither by what is printed here, nor by what is started here."""
    done = subprocess.run(
        [sys.executable, "-c", APART], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    assert done.stdout.split() == [b"before", b"answer"]
    assert done.stderr.split() == [b"printed", b"written", b"started"]


def test_stdout_that_is_no_file_or_a_terminal_stays(tmp_path: Path) -> None:
    """There is nothing to keep, or nothing to keep apart."""
    for here in (streams(), streams(stdout=False)):
        before = here.stdout
        here.keep_stdout()
        assert here.stdout is before
    with (tmp_path / "out").open("w") as file:
        here = Streams(io.StringIO(), file, io.StringIO())
        here.keep_stdout()
        assert here.stdout is file
