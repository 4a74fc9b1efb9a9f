"""Pages for the model: a text, or why there is none."""

import pytest

from copilot_cli.errors import NetworkError, UsageError
from copilot_cli.tools.fetch_tool import fetching
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import ToolError


def fetched(outcome: str | Exception | None) -> str:
    """What the tool gives for a page that is so."""

    def fetch(url: str) -> str | None:
        assert url == "https://example.com/"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    tool = fetching(fetch)
    assert tool.effect == "fetch"
    return str(tool.run({"url": "https://example.com/"}, Running()))


def test_a_text_is_given_as_it_is() -> None:
    """An empty one, too."""
    assert fetched("A page.") == "A page."
    assert fetched("") == ""


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (None, "There is an image, and no text."),
        (UsageError("it is not public", hint="use curl"), r"^it is not public \(use curl\)$"),
        (NetworkError("no answer"), "^no answer$"),
    ],
)
def test_why_there_is_none(outcome: Exception | None, said: str) -> None:
    """In the words that a person would read."""
    with pytest.raises(ToolError, match=said):
        fetched(outcome)
