"""Opening a page in the person's browser: no waiting for it, and not a word on the terminal."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

_SECRET_NAMES = ("TOKEN", "PASSPHRASE", "API_KEY")


def opener(
    environ: Mapping[str, str],
    *,
    platform: str = sys.platform,
    start: Callable[[list[str], dict[str, str]], None] | None = None,
) -> Callable[[str], bool] | None:
    """Return a function that opens an address and says whether a browser was started.

    None over SSH and without a display: a browser there is nobody's, or a text browser that would
    take the terminal. The browser does not inherit our tokens. The caller has checked the address.
    """
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        return None
    graphical = platform in ("darwin", "win32")
    if not graphical and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return None
    command = {"darwin": ["open"], "win32": ["rundll32", "url.dll,FileProtocolHandler"]}.get(
        platform, ["xdg-open"]
    )
    clean = {
        name: value
        for name, value in environ.items()
        if not name.upper().endswith(_SECRET_NAMES) and "EXTRA_HEADERS" not in name
    }
    launch = start or _start

    def open_page(address: str) -> bool:
        try:
            launch([*command, address], clean)
        except OSError:
            return False
        return True

    return open_page


def _start(command: list[str], environ: dict[str, str]) -> None:
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie behind
