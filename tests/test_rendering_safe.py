"""What a model writes to act on the terminal is shown, and not obeyed."""

import re

import pytest

from copilot_cli.ui.rendering import TerminalWriter
from copilot_cli.ui.safe import safe
from copilot_cli.ui.themes import EITHER
from tests.screen import Screen, pieces, shown

_SGR = re.compile(r"\x1b\[[\d;]*m")
PAYLOADS = {
    "clear screen": "\x1b[2J",
    "cursor home": "\x1b[H",
    "alternate screen": "\x1b[?1049h",
    "mouse": "\x1b[?1000h",
    "hide cursor": "\x1b[?25l",
    "scrolling region": "\x1b[1;3r",
    "title": "\x1b]0;owned\x07",
    "title with ST": "\x1b]2;owned\x1b\\",
    "clipboard": "\x1b]52;c;aGFjaw==\x07",
    "hyperlink": "\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\",
    "notification": "\x1b]9;x\x07",
    "image": "\x1b_Gf=100;AAAA\x1b\\",
    "APC": "\x1b_x\x1b\\",
    "DCS": "\x1bP$qm\x1b\\",
    "device status": "\x1b[6n",
    "answerback": "\x05",
    "PM": "\x1b^x\x1b\\",
    "reset": "\x1bc",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d0;x\x9c",
    "C1 DCS": "\x90x\x9c",
    "bell": "\x07",
    "backspaces": "rm -rf\x08\x08\x08\x08\x08\x08ls    ",
    "CR overwrites": "evil\rgood",
    "vertical tab and form feed": "\x0b\x0c",
    "shift out": "\x0e",
    "DEL": "\x7f",
    "NUL": "\x00",
    "bidi override": "\u202ecod.exe",
    "bidi isolate": "\u2066x\u2069",
    "line separator": "a\u2028b",
    "BOM": "\ufeff",
    "tags": "\U000e0041\U000e0042",
    "surrogate": "\ud800",
    "entity ESC": "&#x1b;[2J",
    "entity ESC decimal": "&#27;]52;c;x&#7;",
    "entity bidi": "&#x202e;x",
    "entity CR": "&#13;x",
    "rich markup": "[/b][red]x[/red][link=http://evil]y[/link]",
    "link target": "[x](http://a/&#x1b;[2J)",
    "link title": "[x](http://a '\x1b[2J')",
    "image alt": "![\x1b[2J](http://a)",
    "reference": "[x]\n\n[x]: http://a/\x1b[2J",
    "autolink": "<http://a/\u202e>",
}

_FRAMES = {
    "paragraph": "before {} after\n",
    "code": "```py\nx = '{}'\n```\n",
    "info": "```{}\nx\n```\n",
    "heading": "# {}\n",
    "table": "| a | b |\n|---|---|\n| {} | x |\n",
    "item": "- {}\n- b\n",
    "html": "<div>{}\n",
    "quote": "> {}\n",
    "span": "`{}`\n",
}


_REDRAW = re.compile(r"\r(?:\x1b\[\d+A)?\x1b\[K(?:\n\x1b\[J\x1b\[1A)?|\r\n")
_OUR_STYLES = {"", "1", "2", "3", "4", "9"} | set(";".join(EITHER).split(";"))


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_of_the_models_is_obeyed(payload: str, color: bool) -> None:
    """No control character of the answer's reaches the terminal, wherever it stands."""
    for name, frame in _FRAMES.items():
        for size in (1, 1000):
            screen = Screen()
            with TerminalWriter(screen.write, screen.size, color=color) as writer:
                for piece in pieces(frame.format(PAYLOADS[payload]), size):
                    writer.text(piece)
            rest = _REDRAW.sub("", screen.written)
            if color:
                styles = {code for style in _SGR.findall(rest) for code in style[2:-1].split(";")}
                assert styles <= _OUR_STYLES
                rest = _SGR.sub("", rest)
            assert rest.replace("\t", "") == safe(rest).replace("\n", "").replace("\t", ""), name


def test_text_does_not_overwrite_text() -> None:
    """A carriage return of the model's hides nothing that came before it."""
    assert shown("evil\rgood").lines == ["evilgood"]
