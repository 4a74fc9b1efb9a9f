"""Starting a runtime to see that it is one: its version and its protocol, within a deadline.

It speaks JSON-RPC 2.0 on stdin and stdout, each message after a `Content-Length` header as in the
Language Server Protocol; `connect` is the SDK's first call. No library of GitHub's is needed here,
and nothing is sent anywhere: the runtime is started offline, in a folder of its own.
"""

import errno
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from copilot_cli.errors import SettingsError
from copilot_cli.process_tree import kill
from copilot_cli.runtime.versions import PROTOCOL

DEADLINE = 15.0
"""Seconds for a start and an answer: a cold start takes half a second, npm's own program longer."""

ARGUMENTS = ("--headless", "--no-auto-update", "--log-level", "error", "--no-auto-login", "--stdio")
"""What the SDK starts it with."""

_GRACE = 2.0  # seconds to end by itself once its stdin is closed
_MAX_BODY = 1_000_000
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
_OTHER_MACHINE = {errno.ENOEXEC, getattr(errno, "EBADARCH", errno.ENOEXEC)}
_WIN_BAD_EXE = 193  # ERROR_BAD_EXE_FORMAT


class Answer(NamedTuple):
    """What a runtime says of itself; `seconds` from its start to that."""

    version: str | None
    protocol: int
    seconds: float


def probe(
    program: Path,
    environ: Mapping[str, str],
    *,
    hint: str,
    cache: Path | None = None,
    deadline: float = DEADLINE,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answer:
    """Start `program`, ask it who it is, and end it. `deadline` is in seconds.

    `cache` is where npm's own program unpacks itself. Raises `SettingsError` that says what
    `program` is instead of a runtime that this version can use, with `hint` as the way out;
    nothing is left running.
    """
    begun = monotonic()
    with tempfile.TemporaryDirectory(prefix="copilot-chat-", ignore_cleanup_errors=True) as home:
        try:
            fields = _asked(program, _environ(environ, home, cache), home, deadline)
        except _Unfit as fault:
            raise SettingsError(
                f"{program} {fault}", hint=fault.hint or hint, kind="runtime"
            ) from fault.__cause__
    protocol, version = fields.get("protocolVersion"), fields.get("version")
    if protocol != PROTOCOL:
        raise SettingsError(
            f"{program} speaks protocol {protocol}, this version of copilot-chat {PROTOCOL}",
            hint=hint,
            kind="runtime",
        )
    return Answer(version if isinstance(version, str) else None, PROTOCOL, monotonic() - begun)


class _Unfit(Exception):  # noqa: N818 - it never leaves this file
    """What a program is instead of a runtime, as the rest of a sentence."""

    def __init__(self, what: str, hint: str | None = None) -> None:
        super().__init__(what)
        self.hint = hint


def _environ(environ: Mapping[str, str], home: str, cache: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name.upper() in _KEPT}
    return {
        **kept,
        "HOME": home,
        "USERPROFILE": home,
        "COPILOT_HOME": home,
        "COPILOT_CACHE_HOME": str(cache or home),
        "COPILOT_AUTO_UPDATE": "false",
        # npm's own program ends at once offline, unless it has an endpoint and a model.
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": "http://endpoint.invalid/v1",
        "COPILOT_MODEL": "none",
    }


def _asked(program: Path, environ: dict[str, str], home: str, deadline: float) -> dict[str, Any]:
    """Return the fields of the answer to `connect`."""
    with _running(program, environ, home) as process:
        found: list[dict[str, Any] | None] = []
        ask = threading.Thread(target=lambda: found.append(_connect(process)), daemon=True)
        ask.start()
        ask.join(deadline)
        late = not found
    if late:
        raise _Unfit(f"was started and did not answer within {deadline:g} s")
    fields = found[0]
    if fields is None or type(fields.get("protocolVersion")) is not int:
        raise _Unfit("does not answer as the official runtime does")
    return fields


# -- the process ------------------------------------------------------------------------------


@contextmanager
def _running(
    program: Path, environ: dict[str, str], home: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Give the started program for the length of a `with`; it is gone with its children after."""
    try:
        process = subprocess.Popen(
            [str(program), *ARGUMENTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=environ,
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise _unstartable(error) from error
    try:
        yield process
    finally:
        _end(process)


def _unstartable(error: OSError) -> _Unfit:
    if error.errno in _OTHER_MACHINE or getattr(error, "winerror", None) == _WIN_BAD_EXE:
        return _Unfit("is no program for this machine")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return _Unfit(
            "cannot be executed",
            "its folder may be mounted noexec: --home or COPILOT_CHAT_HOME puts it elsewhere",
        )
    return _Unfit(f"cannot be started: {error.strerror or 'no reason given'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the program: a runtime leaves when its stdin is closed, anything else is killed."""
    with suppress(OSError, ValueError):
        assert process.stdin is not None
        process.stdin.close()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    finally:  # at Ctrl-C, too, which does not reach a session of its own
        if process.poll() is None:
            kill(process.pid)
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)  # what it has left behind, too
        with suppress(OSError):
            process.kill()
    process.wait()
    # Not closed under the thread that may still be reading: its end has come with the process.


def _connect(process: "subprocess.Popen[bytes]") -> dict[str, Any] | None:
    """Return the result of `connect`, None where something else answers, or nothing."""
    assert process.stdin is not None
    assert process.stdout is not None
    call = {"jsonrpc": "2.0", "id": "1", "method": "connect", "params": {}}
    body = json.dumps(call).encode()
    try:
        with process.stdout as stdout:
            process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            process.stdin.flush()
            while (message := _message(stdout)) is not None:
                if message.get("method") == call["method"]:
                    return None  # an echo
                if message.get("id") == call["id"] and "method" not in message:
                    result = message.get("result")
                    return result if isinstance(result, dict) else None
    except (OSError, ValueError, RecursionError):
        return None
    return None


def _message(stdout: IO[bytes]) -> dict[str, Any] | None:
    """Return the next message; None at the end. Raises ValueError for what is none."""
    length = -1
    while line := stdout.readline(1000):
        name, colon, value = line.partition(b":")
        if not line.strip():
            break
        if not colon or not line.endswith(b"\n"):
            raise ValueError("no header")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length < 0:
        return None
    if length > _MAX_BODY:
        raise ValueError("too long")
    message = json.loads(stdout.read(length))
    if not isinstance(message, dict):
        raise ValueError("no message")  # noqa: TRY004 - one kind of failure
    return message
