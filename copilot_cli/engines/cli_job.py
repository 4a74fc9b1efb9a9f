"""A process in a job object of Windows, which ends with the last handle to it: with us.

Source: Microsoft, "Job Objects" and JOBOBJECT_EXTENDED_LIMIT_INFORMATION, Win32 reference. What the
program starts is in the job as well. Between its start and its entry into the job nothing of ours
is needed but two calls; what it could start in that time is found by its parent (`kill_tree`).
"""

import ctypes
import subprocess
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_cli.engines.cli_process import Run

_EXTENDED_LIMITS = 9
_KILL_ON_CLOSE = 0x2000
_NEW_GROUP, _NO_WINDOW = 0x200, 0x8000000  # of `subprocess`, which has them on Windows only
_SIX_COUNTS = ctypes.c_uint64 * 6


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io", _SIX_COUNTS),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def started(run: "Run", stdin: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start `run` in a job of its own. Raises `OSError`."""
    process = subprocess.Popen(
        list(run.argv),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=run.cwd,
        env=dict(run.environ),
        creationflags=_NEW_GROUP | _NO_WINDOW,
    )
    # The handle is never closed: the kernel does that with all of ours, and for one answer of a
    # conversation it is a few bytes.
    _assign(int(process._handle))  # type: ignore[attr-defined]
    return process


def _assign(process: int) -> None:
    """Put the process with that handle into a new job, where Windows lets us."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    if not job:
        return
    limits = _ExtendedLimits()
    limits.basic.flags = _KILL_ON_CLOSE
    kernel.SetInformationJobObject(
        ctypes.c_void_p(job), _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    kernel.AssignProcessToJobObject(ctypes.c_void_p(job), ctypes.c_void_p(process))
