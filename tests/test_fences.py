"""The fenced blocks of an answer, with their source as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_cli.fences import Block, blocks, first


@pytest.mark.parametrize(
    ("markdown", "language", "source"),
    [
        ("```py\nx = 1\n```", "py", "x = 1\n"),
        ("~~~\nx\n~~~\n", "", "x\n"),
        ("``` python title=a.py\nx\n```", "python", "x\n"),
        ("```\n```", "", ""),
        ("```sh\nhalf", "sh", "half"),
        ("```sh", "sh", ""),
        ("````md\n```\ninner\n```\n````", "md", "```\ninner\n```\n"),
        ("~~~\n```\n~~~", "", "```\n"),
        ("- a\n\n  ```py\n  if x:\n      y\n  ```\n", "py", "if x:\n    y\n"),
        ("1. a\n   - b\n     ```\n     x\n     ```\n", "", "x\n"),
        ("> ```\n> x\n>   y\n> ```", "", "x\n  y\n"),
        ("  ```\n    x\n   y\n  ```", "", "  x\n y\n"),
        ("```\na\n\n\nb\n```", "", "a\n\n\nb\n"),
        ("```\r\na\r\nb\r\n```\r\n", "", "a\r\nb\r\n"),
        ("```\n\tx\n```", "", "\tx\n"),
        ("```\na\x00b\n```", "", "a\x00b\n"),
        ("```\n\ud800\n```", "", "\ud800\n"),
        ("text\n```\ne\u0301 👩‍💻 \u2028\n```\ntext", "", "e\u0301 👩‍💻 \u2028\n"),
    ],
)
def test_the_source_is_what_stands_between_the_fences(
    markdown: str, language: str, source: str
) -> None:
    """Only the indentation of the list or quotation around it goes."""
    assert blocks(markdown) == [Block(1, language, source)]


@pytest.mark.parametrize(
    "markdown", ["", "plain", "`inline`", "    indented\n", "`` ` ``", "a ``` b", "``` a` \n"]
)
def test_what_is_no_fence(markdown: str) -> None:
    """Inline and indented code are no blocks."""
    assert blocks(markdown) == []
    assert first(markdown) is None


def test_blocks_are_numbered_in_their_order() -> None:
    """As `/copy 2` and `ask --code` count them."""
    found = blocks("```a\n1\n```\ntext\n- ```b\n  2\n  ```\n\n~~~c\n3\n~~~")
    assert found == [Block(1, "a", "1\n"), Block(2, "b", "2\n"), Block(3, "c", "3\n")]
    assert first("```a\n1\n```\n```b\n2\n```") == Block(1, "a", "1\n")


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])).filter(lambda text: "~" not in text)
)
def test_any_text_comes_out_of_its_fence_as_it_went_in(text: str) -> None:
    """Whatever a program holds, line ends of every kind included."""
    whole = text if text.endswith(("\n", "\r")) else text + "\n"
    assert blocks(f"~~~\n{whole}~~~")[0].source == whole
