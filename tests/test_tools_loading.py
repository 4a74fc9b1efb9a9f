"""A person's own tool: how it is named, found, and what is said where it is not there."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.tools.loading import load
from copilot_cli.tools.running import Running
from copilot_cli.tools.tool import ToolError
from tests.pages import ROOT, read

ADD = 'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose modules are forgotten afterwards."""
    modules, path = set(sys.modules), list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_a_function_of_a_module_in_the_folder(folder: Path) -> None:
    """Its module may import others that stand beside it."""
    (folder / "mine_beside.py").write_text("ONE = 1\n")
    (folder / "mine.py").write_text("import mine_beside\n" + ADD)
    tool = load("mine:add", folder)
    assert (tool.name, tool.effect, tool(1, 2)) == ("add", "run", 3)
    assert load("mine:add", folder).description == "Add."


def test_a_function_that_is_a_tool_already(folder: Path) -> None:
    """It keeps what it says of itself."""
    (folder / "mine.py").write_text(
        "from copilot_cli import tool\n\n@tool(name='plus', effect='read')\n" + ADD
    )
    tool = load("mine:add", folder)
    assert (tool.name, tool.effect) == ("plus", "read")


@pytest.mark.parametrize("init", [True, False])
def test_a_module_of_a_package(folder: Path, init: bool) -> None:
    """With what it imports from it."""
    (folder / "my_pack").mkdir()
    if init:
        (folder / "my_pack/__init__.py").touch()
    (folder / "my_pack/other.py").write_text("ONE = 1\n")
    (folder / "my_pack/deep.py").write_text("from .other import ONE\n" + ADD)
    assert load("my_pack.deep:add", folder)(ONE := 1, ONE) == 2


@pytest.mark.parametrize(
    ("source", "reference", "said"),
    [
        (ADD, "mine:ad", "the module mine has no ad; is it add?"),
        (ADD, "mine:zzz", "the module mine has no zzz"),
        ("add = 3\n", "mine:add", "mine:add is no function, but a int"),
        ("class add:\n    '''x'''\n", "mine:add", "mine:add is no function, but a type"),
        ("def add(a): '''x'''\n", "mine:add", "the parameter a of the tool add has no type"),
        ("def add(a: int): ...\n", "mine:add", "the tool add has no docstring"),
        (ADD, "other:add", "there is no module other in"),
        (ADD, "mine.deep:add", "the module mine cannot be imported|there is no module mine.deep"),
        ("import nonesuch_module\n", "mine:add", "No module named 'nonesuch_module' (mine.py, lin"),
        ("1 / 0\n", "mine:add", "mine cannot be imported: ZeroDivisionError: division by zero (m"),
        ("raise Exception\n", "mine:add", "mine cannot be imported: Exception (mine.py, line 1)"),
        ("def (:\n", "mine:add", "SyntaxError: invalid syntax (mine.py, line 1); None"),
        ("raise OSError('a\\n\\nb')\n", "mine:add", "OSError: a b (mine.py, line 1)"),
        (
            "from copilot_cli import tool\n@tool(name='a b')\n" + ADD,
            "mine:add",
            "mine cannot be imported: a tool cannot be called 'a b' (mine.py, line 2); letters",
        ),
        ("\0", "mine:add", "mine cannot be imported: "),
        (
            "import sys; sys.exit(3)\n",
            "mine:add",
            "ended the program while it was imported (mine.p",
        ),
        ("raise GeneratorExit\n", "mine:add", "cannot be imported: GeneratorExit"),
        (ADD, "mine:", "'mine:' names no tool"),
        (ADD, ":add", "':add' names no tool"),
        (ADD, "../mine:add", "'../mine:add' names no tool"),
        (ADD, "mine:add.x", "'mine:add.x' names no tool"),
        (ADD, "mine:add:add", "names no tool"),
    ],
)
def test_what_cannot_be_loaded(folder: Path, source: str, reference: str, said: str) -> None:
    """A line that names the module, and what is missing or what its import raised."""
    (folder / "mine.py").write_text(source)
    with pytest.raises(UsageError) as caught:
        load(reference, folder)
    told = f"{caught.value.message}; {caught.value.hint}"
    assert any(each in told for each in said.split("|"))


def test_what_a_module_prints_is_no_part_of_the_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes to stderr."""
    (folder / "mine.py").write_text("print('loud')\n" + ADD)
    load("mine:add", folder)
    assert capsys.readouterr() == ("", "loud\n")


def test_ctrl_c_is_the_persons(folder: Path) -> None:
    """And no fault of the module's."""
    (folder / "mine.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load("mine:add", folder)


@pytest.mark.parametrize("name", ["json", "httpx", "wave"])
def test_a_name_that_is_taken_is_refused(folder: Path, name: str) -> None:
    """Nothing that is installed is shadowed, by a file that was named or by another."""
    (folder / f"{name}.py").write_text(ADD)
    with pytest.raises(UsageError, match=f"two modules are called {name}"):
        load(f"{name}:add", folder)
    (folder / "mine.py").write_text(ADD)
    load("mine:add", folder)
    assert sys.path[-1] == str(folder)


def test_an_installed_module_will_do(folder: Path) -> None:
    """Where the folder has none of that name."""
    with pytest.raises(UsageError, match="json has no nonesuch"):
        load("json:nonesuch", folder)


def test_the_tools_of_the_page_can_be_loaded(folder: Path) -> None:
    """As `docs/tools.md` shows them."""
    blocks = read(ROOT / "docs" / "tools.md").blocks
    first, second = [block for block in blocks if block.language == "python"]
    (folder / "stock.py").write_text(first.text)
    (folder / "glossary.py").write_text(second.text)
    in_stock, look_up = load("stock:in_stock", folder), load("glossary:look", folder)
    assert (in_stock.effect, in_stock(article="lamp")) == ("run", 3)
    assert list(in_stock.parameters["properties"]) == ["article", "warehouse"]
    assert (look_up.name, look_up.effect, look_up.seconds) == ("look_up", "read", 5)
    assert look_up.run({"word": "api"}, Running()) == "api: a way for programs to talk"
    with pytest.raises(ToolError, match="xyz is not in the glossary"):
        look_up.run({"word": "xyz"}, Running())
