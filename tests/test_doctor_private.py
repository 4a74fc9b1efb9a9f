"""What may stand in a report that is pasted: no secret, no account, no path of the home."""

from pathlib import Path

import pytest

from copilot_cli.doctor.check import Check
from copilot_cli.doctor.private import Private

HOME = Path("/home/octo.cat")
ENVIRON = {
    "GH_TOKEN": "ghu_madeUpForTests0000000000000000000000",
    "MY_API_KEY": "madeUpKey",
    "SHORT_TOKEN": "abc",
    "HTTPS_PROXY": "http://us%40er:madeUp%2FProxy@proxy.example:1",
    "LANG": "C.UTF-8",
}

TEXTS = {
    "the home": ("see /home/octo.cat", "see ~"),
    "below it": ("/home/octo.cat/.config/x and /home/octo.cat:", "~/.config/x and ~:"),
    "another home": ("/home/octo.cats/x", "/home/octo.cats/x"),
    "a variable's value": ("bad madeUpKey here", "bad **** here"),
    "a token": (f"bad {ENVIRON['GH_TOKEN']}", "bad ****"),
    "a token of no variable": ("gho_madeUpForTests1111111111", "****"),
    "too short for a secret": ("abc of a thing", "abc of a thing"),
    "the proxy's password": ("madeUp%2FProxy and madeUp/Proxy", "**** and ****"),
    "the proxy's user": ("us%40er or us@er", "**** or ****"),
    "an account": (
        "octocat (octocat), octocat-2, xoctocat",
        "ACCOUNT (ACCOUNT), octocat-2, xoctocat",
    ),
    "an account that GitHub names": ("logged in as hubot-1.", "logged in as ACCOUNT."),
    "what is no secret": ("LANG=C.UTF-8", "LANG=C.UTF-8"),
    "controls": ("a\x1b[31mb\nc", "a␛[31mb c"),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_what_is_taken_out(text: str, expected: str) -> None:
    """By value, by form, and by place; whole words and whole folders only."""
    private = Private(ENVIRON, HOME)
    private.account("octocat", "")
    assert private.text(text) == expected


def test_every_text_of_a_check_is_so() -> None:
    """Name, what was found, and the fix."""
    check = Check("endpoint-madeUpKey", "fail", "madeUpKey", "not madeUpKey")
    found = Private(ENVIRON, HOME).check(check)
    assert found == Check("endpoint-****", "fail", "****", "not ****")


@pytest.mark.parametrize("home", [None, Path("/")])
def test_a_home_that_says_nothing(home: Path | None) -> None:
    """Nobody's home, or the root: every path would be one of it."""
    assert Private({}, home).text("/etc/ssl") == "/etc/ssl"


def test_a_home_behind_a_link(tmp_path: Path) -> None:
    """Both of its spellings are the home."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    assert Private({}, link).text(f"{real}/a {link}/b") == "~/a ~/b"
