"""What the end of an answer means for the exit code."""

import pytest

from copilot_cli.messages import End
from copilot_cli.verdict import verdict


def test_a_whole_answer_needs_no_word() -> None:
    """Nothing is told of what went well."""
    assert verdict(End("stop", complete=True)) is None


def test_a_filter_that_lets_no_word_through() -> None:
    """There is no answer that it could have cut."""
    error = verdict(End("content_filter", complete=False, detail="hate"), said=False)
    assert error is not None
    assert error.exit_code == 8
    assert error.message == "a content filter refused the answer (hate)"
    assert error.hint == "ask in other words"


@pytest.mark.parametrize(
    ("end", "code", "message"),
    [
        (End("length", False), 7, "answer incomplete (the model's output limit was reached)"),
        (End("cut", False, "the line went dead"), 7, "answer incomplete (the line went dead)"),
        (End("cut", False), 7, "answer incomplete (the stream ended before the answer did)"),
        (End("stalled", False, "nothing came"), 7, "answer incomplete (nothing came)"),
        (End("error", False), 7, "answer incomplete (the service broke it off)"),
        (
            End("tool_calls", False),
            7,
            "answer incomplete (the model wants a tool that is not there",
        ),
        (End("odd", False), 7, "answer incomplete (finish reason odd)"),
        (End("content_filter", False), 8, "a content filter cut the answer"),
        (End("content_filter", False, "hate"), 8, "a content filter cut the answer (hate)"),
    ],
    ids=lambda value: value.reason if isinstance(value, End) else None,
)
def test_each_end_has_its_code_and_its_words(end: End, code: int, message: str) -> None:
    """The reason decides the code; what the wire knows more is told instead of the usual."""
    error = verdict(end)
    assert error is not None
    assert error.exit_code == code
    assert error.message.startswith(message)
