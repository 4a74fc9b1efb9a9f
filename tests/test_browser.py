"""Opening a page: where, with which command, and with which environment."""

import pytest

from copilot_cli.ui.browser import opener

PAGE = "https://github.com/login/device"
DESKTOP = {"DISPLAY": ":0", "PATH": "/usr/bin"}


class Launches:
    """Remembers what would have been started."""

    def __init__(self, failure: OSError | None = None) -> None:
        self.commands: list[list[str]] = []
        self.environs: list[dict[str, str]] = []
        self._failure = failure

    def __call__(self, command: list[str], environ: dict[str, str]) -> None:
        if self._failure:
            raise self._failure
        self.commands.append(command)
        self.environs.append(environ)


@pytest.mark.parametrize(
    ("platform", "environ", "command"),
    [
        ("linux", DESKTOP, ["xdg-open", PAGE]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, ["xdg-open", PAGE]),
        ("darwin", {}, ["open", PAGE]),
        ("win32", {}, ["rundll32", "url.dll,FileProtocolHandler", PAGE]),
    ],
)
def test_the_platform_s_own_command_opens_it(
    platform: str, environ: dict[str, str], command: list[str]
) -> None:
    """Each platform has its command; the address is one argument and sees no shell."""
    launches = Launches()
    open_page = opener(environ, platform=platform, start=launches)
    assert open_page is not None
    assert open_page(PAGE)
    assert launches.commands == [command]


@pytest.mark.parametrize(
    ("platform", "environ"),
    [
        ("linux", {}),
        ("linux", {"DISPLAY": ""}),
        ("linux", {**DESKTOP, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}),
        ("darwin", {"SSH_TTY": "/dev/ttys001"}),
    ],
)
def test_no_browser_over_ssh_or_without_a_display(platform: str, environ: dict[str, str]) -> None:
    """Where a browser would open for nobody, none is tried."""
    assert opener(environ, platform=platform, start=Launches()) is None


def test_a_missing_command_is_no_failure() -> None:
    """The answer is no; the person opens the page."""
    open_page = opener(DESKTOP, platform="linux", start=Launches(FileNotFoundError("xdg-open")))
    assert open_page is not None
    assert not open_page(PAGE)


def test_the_browser_does_not_inherit_secrets() -> None:
    """Tokens, passphrases and keys are not in the environment of the browser."""
    secrets = {
        "COPILOT_CHAT_TOKEN": "ghu_madeUpForTests0000000000000000000000",
        "GH_TOKEN": "gho_madeUpForTests0000000000000000000000",
        "COPILOT_CHAT_PASSPHRASE": "made up",
        "COPILOT_PROVIDER_API_KEY": "made up",
        "COPILOT_PROVIDER_BEARER_TOKEN": "made up",
        "GITHUB_COPILOT_EXTRA_HEADERS": "X-Key:made up",
    }
    launches = Launches()
    open_page = opener({**DESKTOP, **secrets}, platform="linux", start=launches)
    assert open_page is not None
    open_page(PAGE)
    assert launches.environs == [DESKTOP]


@pytest.mark.real
def test_a_real_command_is_started_and_not_waited_for() -> None:
    """A browser that is not installed is found out; nothing is written by trying."""
    open_page = opener({**DESKTOP, "PATH": "/nonexistent"}, platform="linux")
    assert open_page is not None
    assert not open_page(PAGE)
