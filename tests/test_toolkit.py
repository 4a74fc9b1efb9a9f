"""The tools of a run: which are offered, and that none is by itself."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from copilot_cli.errors import UsageError
from copilot_cli.messages import ToolCall, ToolResult
from copilot_cli.toolkit import Toolkit
from copilot_cli.tools.built_in import NAMES
from copilot_cli.tools.calling import to_stderr
from copilot_cli.web_replies import Fetched
from tests.repl_world import chatting_world


def shout(text: str) -> str:
    """Shout."""
    return text.upper()


@pytest.fixture
def toolkit(tmp_path: Path) -> Toolkit:
    """One where nobody is there to agree."""
    app = chatting_world(tmp_path / "home").build(None)
    return Toolkit(app, terminal=nullcontext)


def test_none_is_offered_at_first(toolkit: Toolkit) -> None:
    """And there is then nothing to run."""
    assert toolkit.box is None
    assert toolkit.tools == {}


def test_every_built_in_tool_can_be_offered(toolkit: Toolkit) -> None:
    """Each by its name, in the order in which it was given."""
    for name in NAMES:
        assert toolkit.add(name).name == name
    assert toolkit.box is not None
    assert [spec.name for spec in toolkit.box.specs] == list(NAMES)
    assert list(toolkit.built_in) == list(NAMES)
    assert {tool.effect for tool in toolkit.tools.values()} == {"read", "fetch", "write", "run"}


def test_what_reads_is_asked_about_too(toolkit: Toolkit) -> None:
    """Nothing runs by itself, unless it is allowed."""
    toolkit.add("list_files")
    call = ToolCall("1", "list_files", '{"path": "none"}')
    assert toolkit.box is not None
    (denied,) = toolkit.box.run([call])
    toolkit.allow(["list_files"])
    (ran,) = toolkit.box.run([call])
    assert isinstance(denied, ToolResult)
    assert isinstance(ran, ToolResult)
    assert "does not allow" in denied.output
    assert "none cannot be read" in ran.output


def test_mistakes(toolkit: Toolkit) -> None:
    """Each names what is wrong."""
    toolkit.add(shout)
    toolkit.add("read_file")
    toolkit.add("read_file")
    for wrong, said in (
        (lambda: toolkit.add("read_fil"), "there is no tool 'read_fil'"),
        (lambda: toolkit.add("mine:add"), "there is no module mine"),
        (lambda: toolkit.remove("list_files"), "the tool list_files is not given"),
        (lambda: toolkit.allow(["list_files"]), "--allow list_files: that tool is not given"),
        (lambda: toolkit.add(shout), "there are two tools called shout"),
    ):
        with pytest.raises(UsageError, match=said):
            wrong()
    toolkit.remove("shout")
    assert list(toolkit.tools) == ["read_file"]


def test_one_of_ones_own_goes_by_how_it_was_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named twice it is one tool; it is allowed and taken back by either name."""
    app = chatting_world(tmp_path / "home").build(None)
    app.effects.cwd = lambda: tmp_path
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "mine_named.py").write_text("def two() -> int:\n    'Two.'\n    return 2\n")
    toolkit = Toolkit(app, terminal=nullcontext)
    assert toolkit.add("mine_named:two") is toolkit.add("mine_named:two")
    toolkit.allow(["mine_named:two"])
    assert toolkit.box is not None
    (result,) = toolkit.box.run([ToolCall("1", "two", "{}")])
    assert result == ToolResult("1", "two", "2", error=False)
    toolkit.remove("mine_named:two")
    assert toolkit.tools == {}
    with pytest.raises(UsageError, match="--allow mine_named:two: that tool is not given"):
        toolkit.allow(["mine_named:two"])


@pytest.mark.parametrize(
    ("name", "printing", "kept"),
    [
        ("mine_kept:two", to_stderr, 1),
        ("read_file", to_stderr, 0),
        ("mine_kept:two", nullcontext, 0),
    ],
)
def test_stdout_is_the_answers_once_foreign_code_is_here(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    printing: Callable[[], AbstractContextManager[object]],
    kept: int,
) -> None:
    """A tool of one's own may start programs; in a script of one's own that is the script's."""
    app = chatting_world(tmp_path / "home").build(None)
    app.effects.cwd = lambda: tmp_path
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "mine_kept.py").write_text("def two() -> int:\n    'Two.'\n    return 2\n")
    calls: list[int] = []
    monkeypatch.setattr(app.streams, "keep_stdout", lambda: calls.append(1))
    Toolkit(app, terminal=nullcontext, printing=printing).add(name)
    assert len(calls) == kept
    sys.modules.pop("mine_kept", None)


def test_nothing_of_ours_is_read(tmp_path: Path) -> None:
    """The folders of this program are refused, also where one works in them."""
    world = chatting_world(tmp_path)
    (tmp_path / "notes").write_text("x")
    app = world.build(None)
    app.effects.cwd = lambda: tmp_path
    toolkit = Toolkit(app)
    toolkit.add("read_file")
    toolkit.allow(["read_file"])
    assert toolkit.box is not None
    for path in ("notes", "config.toml", "secrets/store.json"):
        (result,) = toolkit.box.run([ToolCall("1", "read_file", f'{{"path": "{path}"}}')])
        assert isinstance(result, ToolResult)
        assert "may hold secrets" in result.output


def test_nothing_of_ours_is_read_where_the_system_keeps_sessions(tmp_path: Path) -> None:
    """The key of the token cache may lie there; what is beside it is anybody's."""
    app = chatting_world(tmp_path / "home").build(None)
    running = tmp_path / "run"
    for name in ("copilot-chat", "another"):
        (running / name).mkdir(parents=True)
        (running / name / "words").write_text("some words")
    app.effects.environ = {**app.effects.environ, "XDG_RUNTIME_DIR": str(running)}
    app.effects.cwd = lambda: running
    toolkit = Toolkit(app)
    toolkit.add("read_file")
    toolkit.allow(["read_file"])
    assert toolkit.box is not None
    for name, said in (("copilot-chat", "may hold secrets"), ("another", "some words")):
        (result,) = toolkit.box.run([ToolCall("1", "read_file", f'{{"path": "{name}/words"}}')])
        assert isinstance(result, ToolResult)
        assert said in result.output


@pytest.mark.parametrize(
    ("page", "output"),
    [
        (Fetched("https://h.example/", "text/plain", "words"), "words"),
        (Fetched("https://h.example/", "text/plain", ""), ""),
        (Fetched("https://h.example/", "image/png", "", b"x"), "There is an image, and no text."),
    ],
    ids=["text", "nothing", "an image"],
)
def test_what_a_page_is_to_the_model(tmp_path: Path, page: Fetched, output: str) -> None:
    """Its text; an image is none."""
    app = chatting_world(tmp_path / "home").build(None)
    app.__dict__["fetch"] = lambda _url: page
    toolkit = Toolkit(app)
    toolkit.add("fetch_url")
    toolkit.allow(["fetch_url"])
    assert toolkit.box is not None
    (result,) = toolkit.box.run([ToolCall("1", "fetch_url", '{"url": "https://h.example/"}')])
    assert isinstance(result, ToolResult)
    assert result.output == output


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """It is said."""
    app = chatting_world(tmp_path / "home").build(None)

    def gone() -> Path:
        raise FileNotFoundError

    app.effects.cwd = gone
    with pytest.raises(UsageError, match="the folder you are in is gone"):
        Toolkit(app).add("read_file")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://intranet.example/", "is not at a public address"),
        ("http://127.0.0.1/", "is not at a public address"),
        ("file:///etc/passwd", "only addresses that begin with http"),
        ("http://example.com:8080/", "only the ports 80 and 443"),
    ],
)
def test_a_page_is_fetched_by_the_guarded_way(tmp_path: Path, url: str, said: str) -> None:
    """Nothing of this machine or its network is reached."""
    app = chatting_world(tmp_path / "home").build(None)
    app.effects.resolve = lambda host, port: ["10.0.0.1" if "intra" in host else host]
    toolkit = Toolkit(app)
    toolkit.add("fetch_url")
    toolkit.allow(["fetch_url"])
    assert toolkit.box is not None
    (result,) = toolkit.box.run([ToolCall("1", "fetch_url", f'{{"url": "{url}"}}')])
    assert isinstance(result, ToolResult)
    assert said in result.output
