"""Starting a program to see whether it is a runtime; nothing of it is left running."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest

from copilot_cli.errors import SettingsError
from copilot_cli.runtime.probe import ARGUMENTS, _end, _running, probe
from tests.runtimes import program, runtime_program, runtime_source, script

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="its stand-ins are scripts"),
]

HINT = "the way out"


def refused(path: Path, deadline: float = 20.0) -> SettingsError:
    """What is said of a program that is no runtime."""
    with pytest.raises(SettingsError) as caught:
        probe(path, os.environ, hint=HINT, deadline=deadline)
    assert str(path) in caught.value.message
    assert (caught.value.kind, caught.value.exit_code) == ("runtime", 2)
    return caught.value


def test_a_runtime_says_what_it_is(tmp_path: Path) -> None:
    """Its version, its protocol, and how long it took."""
    answer = probe(runtime_program(tmp_path), os.environ, hint=HINT)
    assert (answer.version, answer.protocol) == ("1.0.102", 3)
    assert answer.seconds > 0


def test_how_it_is_started(tmp_path: Path) -> None:
    """As the SDK does it, in a folder of its own, offline, with nothing that is secret."""
    seen = tmp_path / "seen"
    source = runtime_source().decode().split("\n", 1)
    spy = (
        f"import json, os, sys\nwith open({str(seen)!r}, 'w') as file:\n"
        "    json.dump([sys.argv[1:], dict(os.environ), os.getcwd()], file)"
    )
    path = program(tmp_path, f"{source[0]}\n{spy}\n{source[1]}".encode())
    environ = {
        **os.environ,
        "GITHUB_TOKEN": "madeUp",
        "COPILOT_CHAT_TOKEN": "madeUp",
        "X": "madeUp",
    }
    probe(path, environ, hint=HINT, cache=tmp_path / "cache")
    arguments, got, folder = json.loads(seen.read_text())
    assert tuple(arguments) == ARGUMENTS
    assert "madeUp" not in got.values()
    assert (got["COPILOT_OFFLINE"], got["COPILOT_AUTO_UPDATE"]) == ("true", "false")
    assert got["COPILOT_PROVIDER_BASE_URL"].endswith(".invalid/v1")
    assert got["COPILOT_MODEL"] == "none"
    assert got["COPILOT_CACHE_HOME"] == str(tmp_path / "cache")
    assert got["HOME"] == got["COPILOT_HOME"] == folder
    assert not Path(folder).exists()


FOR_EVER = "import threading; threading.Event().wait()"
"""A program that heeds nothing."""

OTHERS = {
    "it ends at once": "",
    "it says something else": "print('hello')",
    "it says it for ever": "while True: print('y')",
    "an endless line": "import sys\nwhile True: sys.stdout.write('y' * 4096)",
    "it sends back what it gets": ("import os\nwhile data := os.read(0, 4096): os.write(1, data)"),
    "a length that is none": "print('Content-Length: x\\r\\n\\r')",
    "a length beyond reason": "print('Content-Length: 99999999999\\r\\n\\r')",
    "no JSON": "print('Content-Length: 1\\r\\n\\r\\nx', end='')",
    "no object": "print('Content-Length: 2\\r\\n\\r\\n[]', end='')",
    "deep nesting": "print('Content-Length: 100000\\r\\n\\r\\n' + '[' * 100000, end='')",
    "an error": (
        'body = \'{"id": "1", "error": {}}\'\n'
        'print(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}")'
    ),
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
def test_a_program_that_is_none(tmp_path: Path, body: str) -> None:
    """Whatever it does, it is told apart, and soon."""
    found = refused(script(tmp_path, body))
    assert "does not answer as the official runtime does" in found.message
    assert found.hint == HINT


@pytest.mark.parametrize("protocol", [1, 2, 4, 1 << 80])
def test_another_protocol(tmp_path: Path, protocol: int) -> None:
    """Both numbers are said."""
    found = refused(runtime_program(tmp_path, protocol=protocol))
    assert found.message.endswith(f"speaks protocol {protocol}, this version of copilot-chat 3")


@pytest.mark.parametrize("protocol", [None, "3", 3.0, True, []])
def test_a_protocol_that_is_no_number(tmp_path: Path, protocol: object) -> None:
    """It is no runtime then."""
    assert "does not answer" in refused(runtime_program(tmp_path, protocol=protocol)).message


def test_a_program_that_never_answers_is_ended_with_its_children(tmp_path: Path) -> None:
    """Also with one in a session of its own: a pipe closes when the last of them is gone."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    body = (
        "import os, subprocess, sys\n"
        f"held = os.open({str(fifo)!r}, os.O_WRONLY)\n"
        f"stay = [sys.executable, '-c', {FOR_EVER!r}]\n"
        "for apart in (False, True):\n"
        "    subprocess.Popen(stay, pass_fds=(held,), start_new_session=apart)\n"
        f"{FOR_EVER}"
    )
    ended = threading.Event()

    def listen() -> None:
        with fifo.open("rb") as held:
            held.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    found = refused(script(tmp_path, body), deadline=3.0)
    assert found.message.endswith("was started and did not answer within 3 s")
    assert ended.wait(10)


def test_ctrl_c_leaves_no_program_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while a runtime is given time to leave; the terminal's signal does not reach it."""
    with _running(script(tmp_path, FOR_EVER), dict(os.environ), str(tmp_path)) as process:

        def wait(_: float) -> int:
            raise KeyboardInterrupt

        monkeypatch.setattr(process, "wait", wait)
        with pytest.raises(KeyboardInterrupt):
            _end(process)
        monkeypatch.undo()
        assert process.wait(20) == -9
        assert process.stdout is not None
        process.stdout.close()


def test_a_program_of_another_machine(tmp_path: Path) -> None:
    """What the system calls an exec format error."""
    found = refused(program(tmp_path, b"\x7fELF\x02\x01\x01" + bytes(57)))
    assert "is no program for this machine" in found.message
    assert found.hint == HINT


def test_a_text_is_no_program_either(tmp_path: Path) -> None:
    """Without a first line that says what runs it."""
    assert "is no program for this machine" in refused(program(tmp_path, b"hello\n")).message


def test_a_program_that_may_not_be_executed(tmp_path: Path) -> None:
    """As on a disk that is mounted without programs; there is a way to put it elsewhere."""
    path = runtime_program(tmp_path)
    path.chmod(0o600)
    found = refused(path)
    assert found.message.endswith("cannot be executed")
    assert "noexec" in (found.hint or "")


def test_a_program_whose_interpreter_is_gone(tmp_path: Path) -> None:
    """The system's own words, when there are no better ones."""
    found = refused(program(tmp_path, b"#!/nonesuch\n"))
    assert "cannot be started: " in found.message
