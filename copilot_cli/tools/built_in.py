"""The tools that are there without any of one's own."""

from collections.abc import Mapping

from copilot_cli.tools.fetch_tool import Fetch, fetching
from copilot_cli.tools.place import Place
from copilot_cli.tools.tool import Tool

NAMES = (
    "read_file",
    "list_files",
    "find_files",
    "search_files",
    "fetch_url",
    "apply_patch",
    "run_command",
)


def built_in(place: Place, environ: Mapping[str, str], fetch: Fetch) -> dict[str, Tool]:
    """Return each of `NAMES`, for the folder that is `place`."""
    from copilot_cli.tools.commands import running_commands
    from copilot_cli.tools.patching import patching
    from copilot_cli.tools.reading import reading
    from copilot_cli.tools.searching import searching

    tools = [
        *reading(place, environ),
        searching(place, environ),
        fetching(fetch),
        patching(place),
        running_commands(place, environ),
    ]
    return {tool.name: tool for tool in tools}
