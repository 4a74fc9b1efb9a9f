"""`fetch_url`: a public page as text; who fetches it, and what is refused, is `fetching.py`."""

from collections.abc import Callable
from typing import Annotated

from copilot_cli.errors import CopilotChatError
from copilot_cli.tools.tool import Tool, ToolError, tool

Fetch = Callable[[str], str | None]
"""Returns the text at an address, None where there is an image. Raises `CopilotChatError`."""

_SECONDS = 20


def fetching(fetch: Fetch) -> Tool:
    """Return the tool that gets pages by `fetch`."""

    @tool(effect="fetch", seconds=_SECONDS)
    def fetch_url(url: Annotated[str, "An http or https address of the public internet."]) -> str:
        """Fetch a page of the web as text; of HTML, what a reader sees."""
        try:
            text = fetch(url)
        except CopilotChatError as error:
            hint = f" ({error.hint})" if error.hint else ""
            raise ToolError(f"{error.message}{hint}") from error
        if text is None:
            raise ToolError("There is an image, and no text.")
        return text

    return fetch_url
