"""What a page's bytes are as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.charsets import decoded


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"caf\xc3\xa9", None, "café"),
        (b"caf\xc3\xa9", "UTF-8", "café"),
        (b"caf\xe9", "iso-8859-1", "café"),
        (b"\x80 1", "latin1", "€ 1"),
        (b"caf\xe9", None, "caf\ufffd"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("日本".encode("cp932"), "Shift_JIS", "日本"),
        ("漢".encode("gb18030"), "gb2312", "漢"),
        (b"\xef\xbb\xbfx", "iso-8859-1", "x"),
        ("é".encode("utf-16"), None, "é"),
        (b"\xfe\xff\x00\xe9", "utf-8", "é"),
        (b"ok", "rot13", "ok"),
        (b"ok", "zip", "ok"),
        (b"ok", "idna", "ok"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"+AGE-", "utf-7", "+AGE-"),
        (b"ok", "../../etc", "ok"),
    ],
)
def test_what_the_reply_says_it_is(data: bytes, charset: str | None, text: str) -> None:
    """A mark wins over the header; only encodings that browsers read are read."""
    assert decoded(data, charset) == text


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b'<meta charset="windows-1251">', "Я"),
        (b"<META CHARSET=windows-1251 />", "Я"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "Я"),
        (b'<meta charset="utf-16">', "\ufffd"),
        (b'<meta charset="nonsense">', "\ufffd"),
        (b" " * 1024 + b'<meta charset="windows-1251">', "\ufffd"),
    ],
)
def test_a_page_may_say_it_itself(head: bytes, text: str) -> None:
    """Near its beginning, where the header says nothing."""
    assert decoded(head + b"\xdf", html=True)[-1] == text
    assert decoded(head + b"\xdf")[-1] == "\ufffd"
    assert decoded(head + b"\xdf", "windows-1252", html=True)[-1] == "ß"


@given(st.binary(max_size=200), st.text(max_size=20) | st.none(), st.booleans())
def test_anything_is_text(data: bytes, charset: str | None, html: bool) -> None:
    """Whatever it says of itself."""
    assert isinstance(decoded(data, charset, html=html), str)
