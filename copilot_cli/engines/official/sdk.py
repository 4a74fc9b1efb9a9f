"""The only file that imports GitHub's SDK (`copilot`), and what the engine needs of it.

It has one private attribute of the SDK's: the process, which nothing public gives, and without
which a runtime that hangs could not be ended with its children. Where it is missing, the SDK's own
`force_stop` does what it can.
"""

import logging
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from copilot_cli.engines.official import faults
from copilot_cli.engines.official.requests import ModelRequests
from copilot_cli.messages import ToolResultPart, ToolSpec
from copilot_cli.secret import Secret

if TYPE_CHECKING:
    import httpx
    from copilot import CopilotClient
    from copilot.tools import Tool

_log = logging.getLogger("copilot_cli.engines.official")

PLACEHOLDER = "http://endpoint.invalid/v1"
"""The address of an endpoint as the runtime knows it (RFC 6761: the name never resolves)."""

_ROOM = 100_000_000
"""Tokens that the runtime takes for the window: what has to be left out is decided before it."""


class Launch(NamedTuple):
    """How a runtime is started: its program, its whole environment, and where it may write."""

    program: Path
    environ: Mapping[str, str]
    state: Path
    folder: Path


class Plan(NamedTuple):
    """What a session is made with; `token` is the sign-in, None where `wire` is an endpoint's."""

    session_id: str
    model: str
    system: str
    stream: bool
    tools: Sequence[ToolSpec]
    token: Secret | None = None
    wire: str | None = None


class Session(Protocol):
    """A conversation of the runtime's."""

    async def send(self, prompt: str, /) -> str:
        """Begin a turn."""

    async def abort(self) -> None:
        """Give the turn up."""

    async def disconnect(self) -> None:
        """Let go of it."""


class Client(Protocol):
    """A client of one runtime process."""

    async def start(self) -> None:
        """Start the process and shake hands."""

    async def force_stop(self) -> None:
        """Kill the process and let go of it."""

    async def ping(self) -> object:
        """Return once the process has answered."""


OnEvent = Callable[[str, Any], None]
OnCall = Callable[[str], Awaitable[ToolResultPart]]


class SDK(Protocol):
    """What the engine asks of the SDK; tests have one of their own."""

    def client(self, launch: Launch, requests: ModelRequests) -> Client:
        """Return a client that has not started anything yet."""

    def process(self, client: Client) -> "subprocess.Popen[bytes] | None":
        """Return the process of a client that has started one."""

    async def session(
        self, client: Client, plan: Plan, on_event: OnEvent, on_call: OnCall
    ) -> Session:
        """Make a session; `on_call` returns the result of the call with an id, once it is there."""


class GitHubSDK:
    """The real one. Raises `SettingsError` where it is not installed."""

    def __init__(self) -> None:
        try:
            import copilot
        except ImportError as error:
            raise faults.no_sdk() from error
        self._copilot = copilot
        _quieten()

    def client(self, launch: Launch, requests: ModelRequests) -> "CopilotClient":
        """Return a client of the SDK's, over stdio: no port, and no orphan when we are killed."""
        from copilot.copilot_request_handler import CopilotRequestContext, CopilotRequestHandler

        class Handler(CopilotRequestHandler):
            async def send_request(
                self, request: "httpx.Request", ctx: CopilotRequestContext
            ) -> "httpx.Response":
                return await requests.send(request, ctx.session_id)

        return self._copilot.CopilotClient(
            mode="empty",
            connection=self._copilot.RuntimeConnection.for_stdio(path=str(launch.program)),
            use_logged_in_user=False,
            base_directory=str(launch.state),
            working_directory=str(launch.folder),
            log_level="error",
            env=dict(launch.environ),
            request_handler=Handler(),
        )

    def process(self, client: Client) -> "subprocess.Popen[bytes] | None":
        """Return the process that the SDK has started."""
        found = getattr(client, "_cli_process", None)
        return found if isinstance(found, subprocess.Popen) else None

    async def session(
        self, client: Client, plan: Plan, on_event: OnEvent, on_call: OnCall
    ) -> Session:
        """Make a session with our system text, our tools, and nothing of the runtime's own."""
        options: dict[str, Any] = {
            "session_id": plan.session_id,
            "model": plan.model,
            "streaming": plan.stream,
            "system_message": {"mode": "replace", "content": plan.system},
            "tools": [self._tool(spec, on_call) for spec in plan.tools],
            "available_tools": ["custom:*"] if plan.tools else [],
            "infinite_sessions": {"enabled": False},
            "disabled_mcp_servers": ["github-mcp-server"],
            "on_event": lambda event: on_event(event.type.value, event.data),
        }
        if plan.wire is not None:
            options["provider"] = _provider(plan.wire)
        else:
            options["capi"] = {"enable_web_socket_responses": False}
            options["github_token"] = plan.token.reveal() if plan.token else None
        made: Session = await client.create_session(**options)  # type: ignore[attr-defined]
        return made

    def _tool(self, spec: ToolSpec, on_call: OnCall) -> "Tool":
        """Return a tool whose results we bring; whether it may run is asked by us."""
        from copilot.tools import Tool, ToolInvocation, ToolResult

        async def wait(invocation: ToolInvocation) -> ToolResult:
            result = await on_call(invocation.tool_call_id)
            return ToolResult(text_result_for_llm=result.output)

        return Tool(
            name=spec.name,
            description=spec.description,
            parameters=dict(spec.parameters),
            handler=wait,
            skip_permission=True,
            overrides_built_in_tool=True,
        )


def _provider(wire: str) -> dict[str, Any]:
    """Return an endpoint as the runtime gets to know it: what it speaks, and nothing else."""
    anthropic = wire == "messages"
    return {
        "type": "anthropic" if anthropic else "openai",
        **({} if anthropic else {"wire_api": _WIRE_NAMES[wire]}),
        "base_url": PLACEHOLDER.removesuffix("/v1") if anthropic else PLACEHOLDER,
        "api_key": "kept-elsewhere",
        "max_prompt_tokens": _ROOM,
    }


_WIRE_NAMES = {"chat": "completions", "responses": "responses"}


class _Forwarded(logging.Handler):
    """Hands the SDK's records on to our log: without them it would write them to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.debug("sdk: %s", record.getMessage())


def _quieten() -> None:
    logger = logging.getLogger("copilot")
    if not any(isinstance(handler, _Forwarded) for handler in logger.handlers):
        logger.addHandler(_Forwarded())
        logger.propagate = False
        logger.setLevel(logging.WARNING)
