"""Keys: what terminals send for them with and without a protocol, pastes, and cuts anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from copilot_cli.ui.keyboard import KeyParser, hand, protocol, understand

KITTY, OTHER_KEYS, NOTHING = "\x1b[>5u", "\x1b[>4;1m", ""


def keys(*pieces: str, flush: bool = True) -> list[str]:
    """What the parser makes of `pieces`: keys by their names, a paste by its text."""
    pressed: list[KeyPress] = []
    parser = KeyParser(pressed.append)
    for piece in pieces:
        parser.feed(piece)
    if flush:
        parser.flush()
    return [
        f"paste {press.data!r}"
        if press.key == Keys.BracketedPaste
        else str(press.key.value)
        if isinstance(press.key, Keys)
        else press.key
        for press in pressed
    ]


@pytest.mark.parametrize(
    ("sent", "pressed"),
    [
        # no protocol
        ("a", ["a"]),
        ("\r", ["c-m"]),
        ("\n", ["c-j"]),
        ("\x1b\r", ["c-j"]),
        ("\x1b", ["escape"]),
        ("\x1bb", ["escape", "b"]),
        ("\x1b[A", ["up"]),
        ("\x1b[1;5C", ["c-right"]),
        ("\x1b[3~", ["delete"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[200;", ["escape", "[", "2", "0", "0", ";"]),
        # Enter
        ("\x1b[13u", ["c-m"]),
        ("\x1b[13;1u", ["c-m"]),
        ("\x1b[13;2u", ["c-j"]),
        ("\x1b[13;3u", ["c-j"]),
        ("\x1b[13;5u", ["c-m"]),
        ("\x1b[13;6u", ["c-j"]),
        ("\x1b[13;66u", ["c-j"]),
        ("\x1b[13;130u", ["c-j"]),
        ("\x1b[13;194:1u", ["c-j"]),
        ("\x1b[57414u", ["c-m"]),
        ("\x1b[57414;2u", ["c-j"]),
        ("\x1b[27;2;13~", ["c-j"]),
        ("\x1b[27;5;13~", ["c-m"]),
        # with Ctrl
        ("\x1b[99;5u", ["c-c"]),
        ("\x1b[99;133u", ["c-c"]),
        ("\x1b[99:67;6u", ["c-c"]),
        ("\x1b[1089::99;5u", ["c-c"]),
        ("\x1b[1089;5u", []),
        ("\x1b[32;5u", ["c-@"]),
        ("\x1b[91;5u", ["escape"]),
        ("\x1b[45;5u", ["c-_"]),
        ("\x1b[59;5u", []),
        ("\x1b[27;5;105~", ["c-i"]),
        # with Alt, Shift and others
        ("\x1b[98;3u", ["escape", "b"]),
        ("\x1b[98:66;4u", ["escape", "B"]),
        ("\x1b[98;4u", ["escape", "B"]),
        ("\x1b[98;7u", ["escape", "c-b"]),
        ("\x1b[228;3u", ["escape", "ä"]),
        ("\x1b[97;2u", ["A"]),
        ("\x1b[50:34;2u", ['"']),
        ("\x1b[97u", ["a"]),
        ("\x1b[97;9u", []),
        ("\x1b[97;17u", []),
        # Esc, Tab, Backspace
        ("\x1b[27u", ["escape"]),
        ("\x1b[27u\x1b[98u", ["escape", "b"]),
        ("\x1b[9u", ["c-i"]),
        ("\x1b[9;2u", ["s-tab"]),
        ("\x1b[9;5u", ["c-i"]),
        ("\x1b[127u", ["c-h"]),
        ("\x1b[127;5u", ["c-h"]),
        ("\x1b[127;3u", ["escape", "c-h"]),
        # function keys with Num Lock on, the keypad, keys that are none
        ("\x1b[1;129A", ["up"]),
        ("\x1b[1;133C", ["c-right"]),
        ("\x1b[3;129~", ["delete"]),
        ("\x1b[1;129P", ["f1"]),
        ("\x1b[1;9A", []),
        ("\x1b[57400u", ["1"]),
        ("\x1b[57419u", ["up"]),
        ("\x1b[57413u", ["+"]),
        ("\x1b[57428u", []),
        ("\x1b[57441;2u", []),
        ("\x1b[1114112u", []),
        ("\x1b[55296u", []),
        ("\x1b[1089::9999999;5u", []),
        ("\x1b[97:55296;2u", []),
    ],
)
def test_what_a_terminal_sends(sent: str, pressed: list[str]) -> None:
    """A report is the key that it reports; what has no key is none; the rest is as ever."""
    assert keys(sent) == pressed
    assert keys(*sent) == pressed


def test_an_escape_waits_for_what_may_follow() -> None:
    """It is a key of its own only when nothing has come."""
    assert keys("\x1b", flush=False) == []
    assert keys("\x1b", "[13;", "2u", flush=False) == ["c-j"]
    assert keys("\x1b[", "A", flush=False) == ["up"]


@pytest.mark.parametrize(
    "text",
    ["", "one\rtwo\n", "\x1b[13;2u", "\x03\x04", "\x1b[200~", "\x1b[20", "\x1b", "Grüße 世界 🙂"],
)
def test_a_paste_is_one_key_wherever_it_is_cut(text: str) -> None:
    """Nothing in it is a key, reports and control characters included."""
    sent = f"a\x1b[200~{text}\x1b[201~b"
    assert keys(sent) == ["a", f"paste {text!r}", "b"]
    for cut in range(len(sent)):
        assert keys(sent[:cut], sent[cut:]) == ["a", f"paste {text!r}", "b"]
    assert keys(*sent) == ["a", f"paste {text!r}", "b"]


def test_a_paste_is_not_ended_by_silence() -> None:
    """A terminal that takes its time in the middle of a paste has not pasted less."""
    pressed: list[KeyPress] = []
    parser = KeyParser(pressed.append)
    for piece in ("\x1b[200~one", "\rtwo\x1b[20", "1~"):
        assert not pressed
        parser.feed(piece)
        parser.flush()
    assert [press.data for press in pressed] == ["one\rtwo"]


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "\r",
                "ü",
                "\x1b[13;2u",
                "\x1b[99;5u",
                "\x1b[A",
                "\x1b[1;129A",
                "\x1b[27;2;13~",
                "\x1b[27u",
                "\x1b[200~x\r\x1b[A\x1b[201~",
            ]
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 80), max_size=5),
)
def test_cuts_change_nothing(sent: list[str], cuts: list[int]) -> None:
    """However what is sent is cut into reads, the keys are those of the pieces."""
    whole = "".join(sent)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[begin:end] for begin, end in pairwise(places)]
    assert keys(*pieces) == [key for each in sent for key in keys(each)]


@pytest.mark.parametrize(
    ("environ", "begin"),
    [
        ({"TERM": "xterm-256color"}, NOTHING),
        ({}, NOTHING),
        ({"TERM": "xterm-kitty"}, KITTY),
        ({"TERM": "xterm-ghostty"}, KITTY),
        ({"TERM": "foot-extra"}, KITTY),
        ({"TERM": "alacritty"}, KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, NOTHING),
        ({"TERM": "xterm-256color", "WT_SESSION": "made-up"}, KITTY),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, OTHER_KEYS),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "mintty"}, OTHER_KEYS),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux"}, OTHER_KEYS),
        ({"TERM": "screen-256color", "TMUX": "x", "TERM_PROGRAM": "ghostty"}, OTHER_KEYS),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "ghostty"}, NOTHING),
        ({"TERM": "linux", "TERM_PROGRAM": "ghostty"}, NOTHING),
        ({"TERM": "dumb", "TERM_PROGRAM": "vscode"}, NOTHING),
    ],
    ids=str,
)
def test_which_terminals_are_asked(environ: dict[str, str], begin: str) -> None:
    """Those that are known to understand, and what runs in them only as far as it does."""
    asked = protocol(environ)
    assert asked.begin == begin
    assert asked.end == {KITTY: "\x1b[<u", OTHER_KEYS: "\x1b[>4m", NOTHING: ""}[begin]


def test_what_was_typed_ahead_goes_before_what_is_read() -> None:
    """The two meet in the middle of a character."""
    with create_pipe_input() as source:
        understand(source)
        typed = "aü".encode()
        assert [press.data for press in hand(source, typed[:-1])] == ["a"]
        source.send_bytes(typed[-1:] + b"b")
        assert [press.data for press in source.read_keys()] == ["ü", "b"]
        assert hand(source, b"") == []
