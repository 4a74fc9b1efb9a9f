"""The reference pages."""

from pathlib import Path

from copilot_cli.reference import VARIABLES, environment_markdown
from copilot_cli.settings import SETTINGS

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_on_the_environment_is_the_table() -> None:
    """`docs/environment.md` says what the program reads; write it anew when the table changes.

    python -c 'from copilot_cli.reference import *; print(environment_markdown(), end="")'
    """
    assert (DOCS / "environment.md").read_text(encoding="utf-8") == environment_markdown()


def test_no_variable_is_explained_twice() -> None:
    """A variable is a setting's or not, and stands in one row."""
    names = [name for setting in SETTINGS for name in setting.variables]
    names += [name for variable in VARIABLES for name in variable.names]
    assert sorted(names) == sorted(set(names))


def test_every_row_has_as_many_cells_as_its_table() -> None:
    """A bar inside a cell does not break the row."""
    for line in environment_markdown().splitlines():
        if line.startswith("| `"):
            cells = line.replace("\\|", "").count("|") - 1
            assert cells in (2, 5), line
