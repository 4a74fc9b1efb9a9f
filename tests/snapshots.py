"""Ten answers as a terminal shows them, kept in tests/screens beside their Markdown.

python -m tests.snapshots

writes them anew; look at the difference before it is committed. The .txt files are without colour,
the .ansi files with it: `cat` shows them as they were shown.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.screen import shown

FOLDER = Path(__file__).parent / "screens"
COLUMNS = (80, 40)


def documents() -> list[str]:
    """Return the names of the answers."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def screens(name: str) -> Iterator[tuple[Path, str]]:
    """Return the files that belong to a document, and what should stand in them."""
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    for columns in COLUMNS:
        for kind, color in (("txt", False), ("ansi", True)):
            lines = shown(text, 7, columns=columns, color=color).styled
            yield FOLDER / f"{name}.{columns}.{kind}", "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for document in documents():
        for path, content in screens(document):
            path.write_text(content, encoding="utf-8", newline="\n")
