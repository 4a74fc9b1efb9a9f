"""The one file that knows GitHub's SDK: what it asks of it, and what it does without it."""

import ast
import asyncio
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_cli.engines.official.sdk import GitHubSDK, Launch, Plan
from copilot_cli.errors import SettingsError
from copilot_cli.messages import ToolResultPart, ToolSpec
from copilot_cli.secret import Secret

PACKAGE = Path(__file__).parent.parent / "copilot_cli"
TOKEN = "gho_madeUpForTests0000000000000000000000"
ADD = ToolSpec("add", "Adds.", {"type": "object"})


def test_no_other_file_imports_it() -> None:
    """And this one only where it is used: it brings pydantic, and costs half a second."""
    importing = {}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [_module(node) for node in ast.walk(tree)]
        at_the_top = [_module(node) for node in tree.body]
        if "copilot" in names:
            importing[path.relative_to(PACKAGE).as_posix()] = "copilot" in at_the_top
    importing.pop("doctor/program.py", None)  # looks whether it is there
    assert importing.get("engines/official/sdk.py") is False
    assert not any(importing.values())
    assert {name for name in importing if name.startswith("engines/")} == {
        "engines/official/sdk.py"
    }


def _module(node: ast.AST) -> str:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0]
    if isinstance(node, ast.Import):
        return node.names[0].name.partition(".")[0]
    return ""


def test_without_it_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, as for every setting that cannot be used."""
    monkeypatch.setitem(sys.modules, "copilot", None)
    with pytest.raises(SettingsError) as raised:
        GitHubSDK()
    assert raised.value.exit_code == 2
    assert raised.value.hint == "pip install 'copilot-chat[official]'"


class Recording:
    """A client that keeps what a session is made with."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    async def create_session(self, **options: Any) -> str:
        self.options = options
        return "session"


def made(plan: Plan, heard: list[Any] | None = None) -> dict[str, Any]:
    """The options of a session of `plan`."""
    pytest.importorskip("copilot")
    client = Recording()

    async def result(call_id: str) -> ToolResultPart:
        return ToolResultPart(call_id, f"result of {call_id}")

    def hear(kind: str, data: Any) -> None:
        if heard is not None:
            heard.append((kind, data))

    asyncio.run(GitHubSDK().session(client, plan, hear, result))  # type: ignore[arg-type]
    return client.options


PLAN = Plan("id", "m", "S", stream=True, tools=(ADD,))


def test_a_session_has_our_system_text_and_our_tools_alone() -> None:
    """None of the runtime's agent prompt, of its tools, and of its own summaries."""
    options = made(PLAN._replace(token=Secret(TOKEN)))
    assert options["system_message"] == {"mode": "replace", "content": "S"}
    assert options["available_tools"] == ["custom:*"]
    assert options["infinite_sessions"] == {"enabled": False}
    assert options["github_token"] == TOKEN
    assert options["capi"] == {"enable_web_socket_responses": False}
    assert "provider" not in options
    assert made(PLAN._replace(tools=(), wire="chat"))["available_tools"] == []


@pytest.mark.parametrize(
    ("wire", "kind", "wire_api"),
    [
        ("chat", "openai", "completions"),
        ("responses", "openai", "responses"),
        ("messages", "anthropic", None),
    ],
)
def test_an_endpoint_is_a_placeholder(wire: str, kind: str, wire_api: str | None) -> None:
    """The runtime knows what it speaks, and neither its address nor its key."""
    options = made(PLAN._replace(wire=wire))
    provider = options["provider"]
    assert (provider["type"], provider.get("wire_api")) == (kind, wire_api)
    assert "endpoint.invalid" in provider["base_url"]
    assert "github_token" not in options


def test_a_tool_waits_for_our_result() -> None:
    """Whether it may run is asked by us, so the runtime asks nobody."""
    (tool,) = made(PLAN._replace(wire="chat"))["tools"]
    assert (tool.name, tool.description, tool.parameters) == (
        ADD.name,
        ADD.description,
        {"type": "object"},
    )
    assert tool.skip_permission
    result = asyncio.run(tool.handler(SimpleNamespace(tool_call_id="c1")))
    assert result.text_result_for_llm == "result of c1"


def test_events_are_handed_on_by_their_name() -> None:
    """The SDK's own types stay here."""
    heard: list[Any] = []
    on_event = made(PLAN._replace(wire="chat"), heard)["on_event"]
    on_event(SimpleNamespace(type=SimpleNamespace(value="session.idle"), data=1))
    assert heard == [("session.idle", 1)]


def test_its_records_go_to_our_log_and_not_to_stderr(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """It warns with a traceback of each call that fails."""
    pytest.importorskip("copilot")
    GitHubSDK()
    with caplog.at_level(logging.DEBUG, "copilot_cli"):
        logging.getLogger("copilot._jsonrpc").warning("a call has failed")
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("copilot_cli")]
    assert ours == ["sdk: a call has failed"]
    assert not logging.getLogger("copilot").propagate
    assert capsys.readouterr().err == ""


def test_a_client_is_started_with_what_the_launch_says_alone(tmp_path: Path) -> None:
    """Its environment is the launch's; it looks for no program and no login of its own."""
    pytest.importorskip("copilot")
    launch = Launch(tmp_path / "program", {"PATH": "/bin"}, tmp_path / "state", tmp_path)
    client = GitHubSDK().client(launch, None)  # type: ignore[arg-type]
    options = client._options
    assert options.env == {"PATH": "/bin"}
    assert options.use_logged_in_user is False
    assert options.mode == "empty"
    assert GitHubSDK().process(client) is None
