"""HTML in texts and tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.html_tokens import End, Start, Text, Token, tokens


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("", []),
        ("a &amp; b", [Text("a & b")]),
        ("a<B>c</B >", [Text("a"), Start("b", {}), Text("c"), End("b")]),
        (
            "<a x=1 y='2' z = \"3 > 2\" w>",
            [Start("a", {"x": "1", "y": "2", "z": "3 > 2", "w": ""})],
        ),
        ("<a X=1 x=2>", [Start("a", {"x": "1"})]),
        ("<a href=a/b&amp;c>", [Start("a", {"href": "a/b&c"})]),
        ("<br/>", [Start("br", {})]),
        ("<a =x>", [Start("a", {"=x": ""})]),
        ("a<!-- <b> -->c", [Text("a"), Text("c")]),
        ("a<!-->b", [Text("a"), Text("b")]),
        ("<!doctype html>x<?php y ?>z", [Text("x"), Text("z")]),
        ("<script>a < b</scriptx></SCRIPT>c", "script"),
        ("<title>a &amp; <b></title>c", "title"),
        ("1 < 2 <3", [Text("1 "), Text("<"), Text(" 2 "), Text("<"), Text("3")]),
        ("</1></>x", [Text("x")]),
        ("x<a href='never ends", [Text("x")]),
        ("x<a href", [Text("x")]),
        ("x</a", [Text("x")]),
        ("x<!--", [Text("x")]),
        ("&#" + "9" * 5000 + ";", [Text("&#" + "9" * 5000 + ";")]),
    ],
)
def test_what_is_found(page: str, found: list[Token] | str) -> None:
    """As browsers find it; what never ends is dropped."""
    if found == "script":
        found = [Start("script", {}), Text("a < b</scriptx>"), End("script"), Text("c")]
    elif found == "title":
        found = [Start("title", {}), Text("a & <b>"), End("title"), Text("c")]
    assert list(tokens(page)) == found


@given(st.text(alphabet="ab<>/!-='\" &;\n\0é", max_size=60))
def test_anything_ends(page: str) -> None:
    """And no token is empty."""
    for token in tokens(page):
        assert token[0]
