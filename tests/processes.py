"""Processes of somebody else, as tests look at them."""

import os
import select

PATIENCE = 20.0  # seconds, for a machine that has other things to do


def gone(pid: int) -> bool:
    """Whether the process ends: it is not ours, so that it cannot be waited for. Linux only."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE)[0])
    finally:
        os.close(descriptor)
