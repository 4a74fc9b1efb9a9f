"""A page as a person would read it out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_cli.html_text import read_page

AT = "https://example.com/docs/page.html"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("<p>a\n  b\t c</p>", "a b c"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("a<br>b<hr>c", "a\nb\n\n---\n\nc"),
        ("<h1>Top</h1><p>x</p><h3>Deep</h3>y", "# Top\n\nx\n\n### Deep\n\ny"),
        ("caf&eacute; &lt;b&gt; &#x41;", "café <b> A"),
        ("<ul><li>one<li><p>two</p></ul>z", "- one\n- two\n\nz"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<ul><li>a<ol><li>b</ol><li>c</ul>", "- a\n  1. b\n- c"),
        ("<dl><dt>word<dd>meaning</dl>", "word\nmeaning"),
        ("<p>see <a href='/x'>the <b>docs</b></a>.", "see [the docs](https://example.com/x)."),
        ("<a href='b c'>x</a>", "[x](https://example.com/docs/b%20c)"),
        ("<a href='(y)'>x</a>", "[x](https://example.com/docs/%28y%29)"),
        ("<a href='#top'>x</a> <a>y</a>", "x y"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='data:text/html,y'>x</a>", "x"),
        ("<a href='http://[bad'>x</a>", "x"),
        ("<a href='mailto:a@b.c'>x</a>", "[x](mailto:a@b.c)"),
        ("<a href='/1'><a href='/2'>x</a></a>", "[x](https://example.com/2)"),
        ("a <a href='/1'></a> b", "a b"),
        ("<a href='/1'>open <p>next</p>", "[open](https://example.com/1)\n\nnext"),
        ("use <code>ls -l</code>", "use `ls -l`"),
        ("x<pre>a\n  b &lt;c&gt;</pre>y", "x\n\n```\na\n  b <c>\n```\n\ny"),
        ("<pre>a```b<br>c</pre>", "````\na```b\nc\n````"),
        ("<pre><code class='x'>k</code></pre>", "```\nk\n```"),
        ("<pre>unclosed", "```\nunclosed\n```"),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "a | b\n1 | 2"),
        ("<img src='https://evil/x' alt='A  cat'> and <img src=y>", "[image: A cat] and"),
        ("a<script>evil()</script>b<style>p{}</style>c", "abc"),
        ("a<svg><title>t</title><g><svg></svg>x</g></svg>b", "ab"),
        ("a<template>x<template>y</template>z</template>b", "ab"),
        ("a<!-- no -->b<![CDATA[c]]>", "ab"),
        ("<iframe src=x>inside</iframe>out", "out"),
        ("</p></ul></a></table>x", "x"),
        ("<p>a</p>\n\n\n<p>b</p>", "a\n\nb"),
    ],
)
def test_what_is_read(html: str, text: str) -> None:
    """Blocks, lists, links, code and tables; nothing that is not for reading."""
    assert read_page(html, AT).text == text


@pytest.mark.parametrize(
    ("html", "title", "text"),
    [
        ("<html><head><title> A\n page </title></head><body>x", "A page", "x"),
        ("<title>A</title><p>x", "A", "x"),
        ("<head><title>A</title><meta name=x><p>x", "A", "x"),
        ("<head>hidden<script>x</script></head><body>y", "", "y"),
        ("<title>A</title><title>B</title>x", "A", "x"),
        ("<head><base href='https://other.example/'></head><a href=x>y</a>", "", None),
        ("x", "", "x"),
        ("", "", ""),
    ],
)
def test_the_head(html: str, title: str, text: str | None) -> None:
    """Its title is read, and what links are relative to; nothing else of it."""
    page = read_page(html, AT)
    assert page.title == title
    assert page.text == ("[y](https://other.example/x)" if text is None else text)


def test_lists_are_indented_so_far_and_no_further() -> None:
    """However deep somebody nests them."""
    deep = read_page("<ul><li>x" * 50).text.split("\n")
    assert deep[1] == "  - x"
    assert deep[-1] == "  " * 8 + "- x"


@pytest.mark.parametrize(
    "piece", ["<div>", "<a href=x>", "<td>x", "<li>", "<p>", "<b x=", "<!--", "&", "</a>", "<svg>"]
)
def test_the_work_grows_with_the_length(piece: str) -> None:
    """Half a million characters of the same are read like any others."""
    page = read_page(piece * (500_000 // len(piece)), AT)
    assert len(page.text) <= 60 * 500_000


def test_short_links_to_long_addresses_are_bounded() -> None:
    """From some number on they are words alone."""
    at = "https://example.com/" + "a" * 1900 + "/"
    page = read_page("<a href=x>y</a> " * 5000, at)
    assert page.text.startswith("[y](https://example.com/aaa")
    assert len(page.text) < 600_000
    assert page.text.endswith("y y")
    assert read_page(f"<a href='/{'b' * 2001}'>y</a>", at).text == "y"


def test_the_work_can_be_ended() -> None:
    """By whoever is asked in between."""
    asked: list[None] = []

    def proceed() -> None:
        asked.append(None)
        if len(asked) == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        read_page("<b>x" * 5000, AT, proceed)


_PIECES = st.sampled_from(
    [
        *("<", ">", "</", "<p", "<a href=", "'", '"', "&#", "&", ";", "<!--", "-->", "<pre>"),
        *("<ul><li>", "</ul>", "<script>", "</script>", "<title>", "<svg>", "<![CDATA[", "]]>"),
        *("http://[", "x", "\0", "é", "\ud800", "\n", "<td>", "<h1>", "</h1>", "<head>", "<body>"),
        *("</pre>", " ", "</a>", "<base href="),
    ]
)


@settings(max_examples=300)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=30).map("".join), st.text(max_size=10))
def test_anything_can_be_read(html: str, address: str) -> None:
    """Whatever a server sends is a page, and no line of it is blank three times."""
    page = read_page(html, address)
    assert "\n\n\n" not in page.text or "```" in page.text
    assert "\n" not in page.title


@given(st.text(alphabet="abc <>", max_size=40))
def test_no_script_is_read(inside: str) -> None:
    """What stands in a script is never text."""
    html = f"<p>before<script>SECRET{inside}</script><p>after"
    assert "SECRET" not in read_page(html).text
