"""The request is made of the words and of what was piped in."""

import io

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.prompt import MAX_STDIN, compose, piped_in


@pytest.mark.parametrize(
    ("words", "stdin", "request_text"),
    [
        (["say", "this"], None, "say this"),
        (["say this"], b"", "say this"),
        (["say this"], b"\n \n", "say this"),
        ([], b"piped\n", "piped"),
        ([], b"two\nlines\r\n", "two\nlines"),
        (["-"], b"piped", "piped"),
        (["what?"], b"data\n", '<data name="stdin">\ndata\n</data>\n\nwhat?'),
        (["what?"], b"data", '<data name="stdin">\ndata\n</data>\n\nwhat?'),
        ([], b"\xef\xbb\xbfmarked", "marked"),
        ([], "Zürich ☃".encode(), "Zürich ☃"),
        ([], b"caf\xe9 au lait", "caf\ufffd au lait"),
        ([], "Zürich ☃".encode("utf-16"), "Zürich ☃"),
        ([], b"\xfe\xff" + "Zürich ☃".encode("utf-16-be"), "Zürich ☃"),
        (["a", "-"], None, "a -"),
    ],
)
def test_words_and_input_make_the_request(
    words: list[str], stdin: bytes | None, request_text: str
) -> None:
    """With words the input is context, in a fixed frame; without them it is the request."""
    assert compose(words, None if stdin is None else io.BytesIO(stdin)) == request_text


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        ([], None, "nothing to ask"),
        (["  "], None, "nothing to ask"),
        ([""], b"piped", "nothing to ask"),
        ([" ", "\n"], b"piped", "nothing to ask"),
        ([""], b"bin\0ary", "nothing to ask"),
        (["-"], b"", "nothing to ask"),
        ([], b" \n\t", "nothing to ask"),
        (["what?"], b"bin\0ary", "binary"),
        ([], b"x" * (MAX_STDIN + 1), "larger than 16 MiB"),
    ],
    ids=[
        "nobody",
        "blank",
        "blank beside input",
        "blanks beside input",
        "blank beside binary",
        "empty",
        "blank input",
        "binary",
        "huge",
    ],
)
def test_what_is_no_request_is_refused(words: list[str], stdin: bytes | None, message: str) -> None:
    """Nothing, binary and too much are usage errors, before anything is sent."""
    with pytest.raises(UsageError, match=message):
        compose(words, None if stdin is None else io.BytesIO(stdin))


@pytest.mark.parametrize(
    ("words", "stdin", "piped"),
    [
        (["why?"], "", ""),
        (["why?"], "one\ntwo\n", "one\ntwo"),
        (["why", "</data>\n\n?"], "one", "one"),
        ([], "one\ntwo\n", "one\ntwo"),
        (["-"], "one", "one"),
    ],
)
def test_what_was_piped_in_is_found_again(words: list[str], stdin: str, piped: str) -> None:
    """Without its frame, and without the words."""
    assert piped_in(words, compose(words, io.BytesIO(stdin.encode()))) == piped


def test_the_frame_costs_few_tokens() -> None:
    """What is added to a plain question is nothing; to a piped one a few dozen characters."""
    assert compose(["why?"], None) == "why?"
    framed = compose(["why?"], io.BytesIO(b"data\n"))
    assert len(framed) - len("why?") - len("data\n") < 40
