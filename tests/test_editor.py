"""Writing in an editor: which one, what it is given, and what comes back."""

import io
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from copilot_cli.errors import CopilotChatError, UsageError
from copilot_cli.ui.editor import edit, editor_command

if sys.platform == "win32":
    pytest.skip("the editors here are shell scripts", allow_module_level=True)

TOKEN = "ghu_madeUpForTests0000000000000000000000"


class Desk:
    """A folder with an editor that does what a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime = folder / "runtime"
        self.runtime.mkdir()

    def environ(self, body: str, **more: str) -> dict[str, str]:
        editor = self.folder / "my editor"
        editor.write_text(f"#!/bin/sh\n{body}\n")
        editor.chmod(0o755)
        return {
            "PATH": os.environ["PATH"],
            "XDG_RUNTIME_DIR": str(self.runtime),
            "EDITOR": f"'{editor}' --wait",
            **more,
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def edited(desk: Desk, text: str, body: str) -> str:
    return edit(text, desk.environ(body))


@pytest.mark.parametrize(
    ("text", "body", "result"),
    [
        ("one", ":", "one"),
        ("", ":", ""),
        ("one\n", ":", "one"),
        ("one\n\n", ":", "one\n"),
        ("one", 'echo two >>"$2"', "one\ntwo"),
        ("one", ': >"$2"', ""),
        ("one", 'printf "a\\r\\nb\\rc" >"$2"', "a\nb\nc"),
        ("one", 'printf "a\\377b\\n" >"$2"', "a\ufffdb"),
        ("Grüße 世界 🙂", ":", "Grüße 世界 🙂"),
        ("a\ud800b", ":", "a\ufffdb"),
    ],
)
def test_the_text_comes_back_as_it_was_left(desk: Desk, text: str, body: str, result: str) -> None:
    """Without the line break that editors put at the end; line breaks are ours, text is UTF-8."""
    assert edited(desk, text, body) == result


def test_it_lies_where_nobody_else_can_read_it_and_is_gone_after(desk: Desk) -> None:
    """In the memory of the session, with the editor's own copies; a failure leaves nothing."""
    modes = desk.folder / "modes"
    look = (
        "import os, sys; folder = os.path.dirname(sys.argv[1]);"
        "print(oct(os.stat(folder).st_mode & 0o777), folder)"
    )
    body = f'"{sys.executable}" -c "{look}" "$2" >"{modes}"; touch "$2~"'
    edited(desk, "x", f"umask 0; {body}")
    mode, folder = modes.read_text().split()
    assert mode == "0o700"
    assert Path(folder).parent == desk.runtime
    with pytest.raises(CopilotChatError):
        edited(desk, "x", "exit 1")
    assert list(desk.runtime.iterdir()) == []


def test_without_such_a_place_the_system_s_is_used(desk: Desk, tmp_path: Path) -> None:
    """A folder that is named and is not there is none."""
    environ = desk.environ(":", XDG_RUNTIME_DIR=str(tmp_path / "gone"))
    assert edit("x", environ) == "x"
    del environ["XDG_RUNTIME_DIR"]
    assert edit("x", environ) == "x"


def test_it_gets_no_secret(desk: Desk) -> None:
    """The environment goes on without tokens."""
    seen = desk.folder / "seen"
    edit("x", desk.environ(f'env >"{seen}"', GITHUB_TOKEN=TOKEN, HOME="/home/x"))
    assert TOKEN not in seen.read_text()
    assert "HOME=/home/x" in seen.read_text()


@pytest.mark.parametrize("body", ["exit 1", 'echo spoilt >"$2"; exit 3', "kill -9 $$"])
def test_a_failing_editor_is_an_error(desk: Desk, body: str) -> None:
    """Its text is not taken."""
    with pytest.raises(CopilotChatError, match="failed; the text is as it was"):
        edited(desk, "x", body)


@pytest.mark.parametrize("editor", ["/nonexistent/editor", "/etc/passwd"])
def test_an_editor_that_cannot_be_started_is_an_error(desk: Desk, editor: str) -> None:
    """It is named, with the reason."""
    with pytest.raises(CopilotChatError, match=f"the editor {editor} cannot be used: ") as caught:
        edit("x", desk.environ(":", EDITOR=editor))
    assert caught.value.hint == "set EDITOR"


def test_an_editor_that_removes_the_file_is_an_error(desk: Desk) -> None:
    """There is nothing to come back."""
    with pytest.raises(CopilotChatError, match="No such file"):
        edited(desk, "x", 'rm "$2"')


def test_an_interrupt_does_not_reach_us(desk: Desk) -> None:
    """Ctrl-C in an editor is a signal to both: ours is passed over, and heeded again after."""
    before = signal.getsignal(signal.SIGINT)
    assert edited(desk, "x", f'kill -INT {os.getpid()}; echo y >"$2"') == "y"
    assert signal.getsignal(signal.SIGINT) is before


def test_its_output_can_go_elsewhere(desk: Desk) -> None:
    """Where stdout is no terminal the editor is shown on stderr."""
    with (desk.folder / "screen").open("w+") as screen:
        edit("x", desk.environ("echo shown"), stdout=screen)
        screen.seek(0, io.SEEK_SET)
        assert screen.read() == "shown\n"


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "nano"}, ["code", "--wait"]),
        ({"VISUAL": " ", "EDITOR": "nano"}, ["nano"]),
        ({"EDITOR": "'/opt/my editor/run' -x"}, ["/opt/my editor/run", "-x"]),
    ],
)
def test_which_editor(environ: dict[str, str], command: list[str]) -> None:
    """VISUAL before EDITOR, each read as a shell would."""
    assert editor_command(environ) == command


def test_one_that_is_installed_will_do(tmp_path: Path) -> None:
    """The first of the usual ones, where nothing is set."""
    for name in ("vi", "nano"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    assert editor_command({"PATH": str(tmp_path)}) == ["nano"]


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PATH": "/nonexistent"}, "there is no editor"),
        ({"EDITOR": "vi 'x"}, "EDITOR: cannot be read as a command"),
    ],
)
def test_no_editor(environ: dict[str, str], message: str) -> None:
    """What is missing is said."""
    with pytest.raises(UsageError, match=message):
        editor_command(environ)
