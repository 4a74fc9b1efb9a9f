"""What Copilot remarks beside an answer: its own errors, and public code that the answer matches.

The same remarks come on every wire, on the event that they concern (microsoft/vscode-copilot-chat).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from copilot_cli.messages import Notice
from copilot_cli.wires.reading import dicts, table, text


class Remarks:
    """The remarks of one answer, each citation once: it comes with every piece that touches it."""

    def __init__(self) -> None:
        self._cited: set[str] = set()

    def read(self, data: Mapping[str, Any]) -> Iterator[Notice]:
        """Yield what `data`, one event, remarks."""
        for error in dicts(data.get("copilot_errors")):
            if said := text(error.get("message")):
                yield Notice(said)
        for item in dicts(table(data.get("copilot_annotations")).get("IPCodeCitations")):
            for citation in dicts(item.get("citations")) or [item]:
                url = citation.get("url")
                if isinstance(url, str) and url not in self._cited:
                    self._cited.add(url)
                    licence = text(citation.get("license")) or "licence unknown"
                    yield Notice(f"matches public code ({licence}): {url}")
