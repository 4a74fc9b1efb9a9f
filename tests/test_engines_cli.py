"""The engine `cli`, with a program in the command's place: what it is told, says and leaves."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copilot_cli.engines import cli_process
from copilot_cli.errors import (
    CopilotChatError,
    FilteredError,
    LimitError,
    ModelUnavailable,
    NetworkError,
    NotAllowedError,
    QuotaError,
    ServiceError,
    SettingsError,
    SignInError,
    TooLongError,
    UsageError,
)
from copilot_cli.messages import (
    End,
    ImagePart,
    Message,
    Notice,
    Reasoning,
    Started,
    Text,
    TextPart,
    ToolSpec,
    Usage,
    UsageReport,
    message,
)
from copilot_cli.secret import Secret
from tests.cli_world import (
    BEGUN,
    KEY,
    LOCAL,
    TOKEN,
    TURN,
    Step,
    World,
    ctrl_c,
    failed,
    piece,
    request,
    result,
    runs,
    said,
    sign_in,
    text_of,
    until,
)
from tests.wire_models import model

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform == "win32", reason="the program of the tests is of POSIX"),
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world in a folder of its own."""
    return World(tmp_path)


# -- what it says ------------------------------------------------------------------------------


def test_an_answer(world: World) -> None:
    """Pieces are text, thoughts are thoughts, and what was used is told at the end."""
    used = {"inputTokens": 10, "outputTokens": 5, "cacheReadTokens": 3, "cacheWriteTokens": 0}
    world.plan(
        *BEGUN,
        said("assistant.reasoning_delta", reasoningId="r", deltaContent="hm"),
        piece("Hello"),
        piece(" you"),
        said("assistant.message", messageId="m", content="Hello you", reasoningText="hm"),
        ("usage", {"modelMetrics": {"m1": {"usage": used}}, "aiCreditsStatus": "unavailable"}),
        result(),
    )
    assert world.ask() == [
        Started("m1", None),
        Reasoning("hm"),
        Text("Hello"),
        Text(" you"),
        UsageReport(Usage(10, 5, 3, 0, None)),
        End("stop", complete=True),
    ]
    assert world.nothing_is_left()


def test_an_answer_in_one_piece(world: World) -> None:
    """Without streaming the whole message is the text, with what was thought before it."""
    world.plan(
        *BEGUN,
        said("assistant.message", messageId="m", content="whole", reasoningText="hm"),
        result(),
    )
    events = list(world.engine().answer(request(stream=False)))
    assert events[1:3] == [Reasoning("hm"), Text("whole")]
    assert "--stream=off" in world.seen()["argv"]


def test_a_price(world: World) -> None:
    """Billed units are credits, and several models are one sum."""
    models = {"a": {"usage": {"inputTokens": 1}}, "b": {"usage": {"inputTokens": 2}}}
    usage = {"modelMetrics": models, "totalNanoAiu": 1_500_000_000, "aiCreditsStatus": "complete"}
    world.plan(*BEGUN, piece("x"), ("usage", usage), result())
    report = next(event for event in world.ask() if isinstance(event, UsageReport))
    assert report.usage.input_tokens == 3
    assert report.cost is not None
    assert (report.cost.amount, report.cost.unit) == (1.5, "credits")


def test_what_cannot_be_read_is_passed_over(world: World) -> None:
    """Lines that are no JSON, or of another kind, shape or depth, are no part of the answer."""
    world.plan(
        ("raw", "plain words\n\n[]\n7\n{\n\x00\x1b[2J\n"),
        ("raw", "[" * 200_000 + "\n"),
        ("raw", '{"type": ["assistant.message_delta"], "data": 3}\n'),
        ("say", {"type": "session.a_new_kind", "data": {"content": "no"}}),
        ("say", {"type": "assistant.message_delta", "data": "no"}),
        *BEGUN,
        piece("yes"),
        result(),
    )
    assert text_of(world.ask()) == "yes"


def test_ten_megabytes_in_a_line_are_text(world: World) -> None:
    """A long line is a long piece."""
    world.plan(*BEGUN, ("times", ['{"type":"x","data":"', 1]), ("times", ["y" * 1000, 10_000]),
               ("raw", '"}\n'), piece("z" * 10_000_000), result())  # fmt: skip
    assert len(text_of(world.ask())) == 10_000_000


def test_a_line_without_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends its line is stopped, and does not fill the memory."""
    monkeypatch.setattr(cli_process, "MAX_LINE", 100_000)
    world.plan(*BEGUN, ("for ever", "x" * 1000))
    with pytest.raises(CopilotChatError, match="a line without an end"):
        world.ask()
    until(lambda: not runs(world.seen()["pid"]))


def test_control_characters_are_the_terminals_business(world: World) -> None:
    """Text is passed on as it came; what becomes part of a message of ours is made safe."""
    bad = "\x1b]0;title\x07\u202e"
    world.plan(
        *BEGUN,
        said("tool.execution_start", toolName=f"{bad}bash"),
        said("tool.execution_start", toolName="bash"),
        piece(bad),
        result(),
    )
    events = world.ask()
    assert text_of(events) == bad
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "bash" in notices[0]
    assert not set(bad) & set("\x1b\x07\u202e") & set(notices[0])


def test_stderr_is_read_and_kept_short(world: World) -> None:
    """Megabytes of complaints neither block the program nor fill the message."""
    world.plan(("err", ["complaint \x1b[31m\n", 1_000_000]), ("exit", 3))
    with pytest.raises(CopilotChatError, match=r"exit code 3.*complaint") as caught:
        world.ask()
    assert len(caught.value.message) < 300
    assert "\x1b" not in caught.value.message


def test_an_answer_without_a_word(world: World) -> None:
    """That is no answer."""
    world.plan(*BEGUN, result())
    with pytest.raises(ServiceError, match="empty answer"):
        world.ask()


# -- what it is told ---------------------------------------------------------------------------


def test_the_whole_conversation_goes_to_stdin_and_nowhere_else(world: World) -> None:
    """Everybody may read the arguments of a process; 300,000 bytes would not fit there either."""
    world.answers("ok")
    long = "the long secret plan " * 15_000
    messages = (
        message("system", "Be brief."),
        message("user", "first question"),
        message("assistant", "first answer"),
        message("user", long),
    )
    world.ask(*messages)
    seen = world.seen()
    spoken = [each.text for each in messages]
    places = [seen["stdin"].find(words) for words in spoken]
    assert -1 not in places
    assert places == sorted(places)
    for words in ("secret plan", "Be brief", "first"):
        assert words not in str(seen["argv"])
        assert words not in str(seen["environ"])


def test_what_the_program_gets_of_the_environment(world: World) -> None:
    """The token and where to keep things; nothing of ours, and nothing that leads elsewhere."""
    world.answers("ok")
    environ = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": "/home/somebody",
        "XDG_CONFIG_HOME": "/home/somebody/.config",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://elsewhere.example",
        "COPILOT_CHAT_TOKEN": TOKEN,
        "COPILOT_ALLOW_ALL": "true",
        "COPILOT_CUSTOM_INSTRUCTIONS_DIRS": "/home/somebody",
    }
    world.ask(engine=world.engine(sign_in(), environ=environ))
    seen = world.seen()
    got = seen["environ"]
    assert got["COPILOT_GITHUB_TOKEN"] == TOKEN
    assert got["COPILOT_GH_HOST"] == "x.ghe.com"
    assert got["LANG"] == "C.UTF-8"
    ours = {name for name in got if name.startswith(("COPILOT_", "GITHUB_", "XDG_", "OTEL_"))}
    assert ours == {
        "COPILOT_AUTO_UPDATE",
        "COPILOT_CACHE_HOME",
        "COPILOT_GH_HOST",
        "COPILOT_GITHUB_TOKEN",
        "COPILOT_HOME",
        "COPILOT_PKG_CACHE_HOME",
    }
    for name in ("HOME", "TMPDIR", "COPILOT_HOME", "COPILOT_CACHE_HOME"):
        assert got[name].startswith(str(world.runs))
    assert seen["cwd"].startswith(str(world.runs))
    assert seen["files"] == []
    assert TOKEN not in str(seen["argv"])


def test_nothing_secret_is_given_before_the_program_is_known(world: World) -> None:
    """It is asked for its version without the token, once for as long as it is the same file."""
    world.answers("ok")
    engine = world.engine(sign_in())
    world.ask(engine=engine)
    first = world.seen("version.seen")
    assert TOKEN not in str(first)
    assert first["stdin"] == ""
    world.ask(engine=engine)
    assert world.seen("version.seen") == first


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"COPILOT_PROVIDER_API_KEY": KEY}),
        ({"key": None, "bearer": Secret("b" * 20)}, {"COPILOT_PROVIDER_BEARER_TOKEN": "b" * 20}),
        ({"key": None}, {}),
        ({"key": Secret("ollama")}, {"COPILOT_PROVIDER_HEADERS": "Authorization: Bearer ollama"}),
        (
            {"key": Secret("k"), "type": "anthropic", "base_url": "https://a.example/v1"},
            {
                "COPILOT_PROVIDER_TYPE": "anthropic",
                "COPILOT_PROVIDER_BASE_URL": "https://a.example",
                "COPILOT_PROVIDER_HEADERS": "x-api-key: k",
                "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "8192",
                "COPILOT_PROVIDER_MODEL_ID": "custom",
                "COPILOT_PROVIDER_WIRE_MODEL": "m1",
            },
        ),
        (
            {"key": Secret("k"), "type": "azure", "api_version": "2024-10-21"},
            {
                "COPILOT_PROVIDER_TYPE": "azure",
                "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:9",
                "COPILOT_PROVIDER_AZURE_API_VERSION": "2024-10-21",
                "COPILOT_PROVIDER_API_KEY": "k",
            },
        ),
        (
            {"headers": {"X-Team": "red", "X-Two": "2"}, "wire": "responses"},
            {
                "COPILOT_PROVIDER_API_KEY": KEY,
                "COPILOT_PROVIDER_WIRE_API": "responses",
                "COPILOT_PROVIDER_HEADERS": "X-Team: red\nX-Two: 2",
            },
        ),
    ],
    ids=["key", "bearer", "none", "short", "anthropic", "azure", "headers"],
)
def test_an_endpoint_of_ones_own(
    world: World, change: dict[str, Any], expected: dict[str, str]
) -> None:
    """The command gets its address and its key, and is told to leave GitHub alone.

    It strikes its key out of all it prints, so a short one is not told as a key.
    """
    world.answers("ok")
    world.ask(engine=world.engine(LOCAL._replace(**change)))
    got = world.seen()["environ"]
    told = {name: value for name, value in got.items() if name.startswith("COPILOT_PROVIDER_")}
    usual = {
        "COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:9/v1",
        "COPILOT_PROVIDER_TYPE": "openai",
    }
    assert told == usual | expected
    assert got["COPILOT_OFFLINE"] == "true"


def test_a_header_that_cannot_be_told(world: World) -> None:
    """The command takes a backslash and an n for the end of a header."""
    engine = world.engine(LOCAL._replace(headers={"X-Path": r"C:\new"}))
    with pytest.raises(SettingsError, match="X-Path"):
        world.ask(engine=engine)


def test_the_models_limits_are_told(world: World) -> None:
    """What is known of the endpoint's model spares the command a guess; a person's cap wins."""
    known = model(id="m1", prompt_tokens=5000, output_tokens=700)
    world.answers("ok")
    engine = world.engine(find=lambda _: known)
    list(engine.answer(request()))
    got = world.seen()["environ"]
    assert got["COPILOT_PROVIDER_MAX_PROMPT_TOKENS"] == "5000"
    assert got["COPILOT_PROVIDER_MAX_OUTPUT_TOKENS"] == "700"
    list(engine.answer(request(max_output=9)))
    assert world.seen()["environ"]["COPILOT_PROVIDER_MAX_OUTPUT_TOKENS"] == "9"


def test_arguments(world: World) -> None:
    """No tool, no server, no file of instructions, no update, and the model by its name."""
    world.answers("ok")
    list(world.engine().answer(request(effort="high")))
    argv = world.seen()["argv"]
    assert {"--available-tools=none", "--disable-builtin-mcps", "--no-custom-instructions"} < {
        *argv
    }
    assert {"--model=m1", "--reasoning-effort=high", "--stream=on", "--no-auto-update"} < {*argv}
    assert not any(each.startswith(("--allow", "--yolo", "-p")) for each in argv)


@pytest.mark.parametrize("name", ["--yolo", "a b", "", "x&calc", "m\n", "%PATH%", "x" * 300])
def test_what_is_no_name_of_a_model(world: World, name: str) -> None:
    """Nothing is started for it."""
    with pytest.raises(ModelUnavailable):
        list(world.engine().answer(request()._replace(model=name)))
    assert not (world.place / "seen").exists()


def test_what_it_cannot_be_told_is_said_once(world: World) -> None:
    """The answer comes all the same."""
    world.answers("ok")
    engine = world.engine(sign_in())
    tool = ToolSpec("t", "", {})
    asked = request(tools=(tool,), temperature=0.5, stop=("x",), max_output=9, effort="ultra")
    notices = [event for event in engine.answer(asked) if isinstance(event, Notice)]
    assert [event.message.partition(":")[0] for event in notices] == [
        "tools", "temperature", "max_output", "stop", "effort ultra",
    ]  # fmt: skip
    assert not [event for event in engine.answer(asked) if isinstance(event, Notice)]
    assert "effort" not in str(world.seen()["argv"])


def test_images(world: World) -> None:
    """They are attached in their order, and stand in the text by their number."""
    world.answers("ok")
    first, second = ImagePart("image/png", "AAEC"), ImagePart("image/jpeg", "/9j/")
    old = Message("user", (TextPart("see "), first, TextPart(" this")))
    world.ask(old, message("assistant", "yes"), Message("user", (second,)))
    seen = world.seen()
    assert [each for each in seen["argv"] if "attach" in each] == [
        "--attachment=image-1.png",
        "--attachment=image-2.jpg",
    ]
    assert seen["attached"] == {"image-1.png": "000102", "image-2.jpg": "ffd8ff"}
    assert "see [image 1] this" in seen["stdin"]
    assert "[image 2]" in seen["stdin"]


def test_an_image_of_another_form(world: World) -> None:
    """Nothing is sent without it."""
    with pytest.raises(UsageError, match="image/tiff"):
        world.ask(Message("user", (ImagePart("image/tiff", "AAEC"),)))
    assert not (world.place / "seen").exists()


def test_a_dry_run_starts_nothing_and_shows_no_secret(world: World) -> None:
    """It shows arguments, stdin, and which variables are added."""
    shown = world.engine(sign_in()).dry_run(request())
    assert shown["argv"][0] == str(world.program)
    assert "hello" in shown["stdin"]
    assert shown["environment"]["COPILOT_GITHUB_TOKEN"] == "****"
    assert KEY not in json.dumps(world.engine().dry_run(request()))
    assert not (world.place / "version.seen").exists()
    assert not world.runs.exists()


# -- what goes wrong ---------------------------------------------------------------------------

ERRORS: dict[str, tuple[Step, type[CopilotChatError]]] = {
    "400 model": (failed(400, "model_not_supported"), ModelUnavailable),
    "400 long": (failed(400, "model_max_prompt_tokens_exceeded"), TooLongError),
    "400": (failed(400, words="rate limit quota context length"), CopilotChatError),
    "401": (failed(401), SignInError),
    "402": (failed(402), QuotaError),
    "403": (failed(403), NotAllowedError),
    "413": (failed(413), TooLongError),
    "429": (failed(429), LimitError),
    "429 quota": (failed(429, "quota_exceeded"), QuotaError),
    "500": (failed(500), ServiceError),
    "filter": (failed(400, "content_filter"), FilteredError),
    "no reply": (failed(None), NetworkError),
    "given up": (said("assistant.turn_retry", reason="streaming_error"), NetworkError),
    "type authentication": (said("session.error", errorType="authentication"), SignInError),
    "type authorization": (said("session.error", errorType="authorization"), NotAllowedError),
    "type quota": (said("session.error", errorType="quota"), QuotaError),
    "type rate_limit": (said("session.error", errorType="rate_limit"), LimitError),
    "type context_limit": (said("session.error", errorType="context_limit"), TooLongError),
    "status": (said("session.error", errorType="query", statusCode=429), LimitError),
    "no type": (said("session.error", message="quota 401 rate limit"), ServiceError),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_has_failed_is_told_by_status_and_type(world: World, name: str) -> None:
    """It is stopped there and then: what the command would do about it by itself is ours to do."""
    step, error = ERRORS[name]
    world.plan(*BEGUN, step, ("hang", None))
    with pytest.raises(error) as caught:
        world.ask(engine=world.engine(sign_in()))
    assert type(caught.value) is error
    until(lambda: not runs(world.seen()["pid"]))
    assert world.nothing_is_left()


def test_what_a_service_said_is_repeated_without_the_key(world: World) -> None:
    """Its words are part of the message, and made safe."""
    world.plan(*BEGUN, failed(500, words=f"no \x1b[1m {KEY} today"))
    with pytest.raises(ServiceError, match=r"no .* \*\*\*\* today") as caught:
        world.ask()
    assert KEY not in caught.value.message
    assert "\x1b" not in caught.value.message


def test_what_is_told_as_a_header_is_repeated_as_little(world: World) -> None:
    """A short key is one, and so is what the person's own headers hold."""
    access = LOCAL._replace(key=Secret("madeUpKey"), headers={"X-Pass": "made-up-word", "X-A": "b"})
    world.plan(*BEGUN, failed(500, words="no madeUpKey and no made-up-word b"))
    with pytest.raises(ServiceError) as caught:
        world.ask(engine=world.engine(access))
    assert caught.value.message.endswith("no **** and no **** b")


def test_how_much_was_too_much(world: World) -> None:
    """The figures of a refusal are passed on: what fits is reckoned from them."""
    words = "prompt token count of 9000 exceeds the limit of 8000"
    world.plan(*BEGUN, failed(400, "model_max_prompt_tokens_exceeded", words))
    with pytest.raises(TooLongError) as caught:
        world.ask()
    assert (caught.value.counted, caught.value.limit) == (9000, 8000)


def test_an_endpoint_refuses_in_its_own_words(world: World) -> None:
    """A person with a key of their own is not told to sign in to GitHub."""
    world.plan(*BEGUN, failed(401, words=f"bad key {KEY}"))
    with pytest.raises(SignInError, match=r"127\.0\.0\.1:9 refused the key of local"):
        world.ask()


def test_an_identity_that_is_refused_is_the_commands_own(world: World) -> None:
    """No setting of ours changes what it calls itself."""
    world.plan(*BEGUN, failed(466))
    with pytest.raises(SettingsError, match="no longer takes this client identity") as caught:
        world.ask(engine=world.engine(sign_in()))
    assert caught.value.hint is not None
    assert "npm install -g @github/copilot brings the newest" in caught.value.hint


def test_a_server_that_fails_is_asked_again(world: World) -> None:
    """As often as any engine does it, by our rule and with our waits."""
    world.plan(*BEGUN, failed(500))
    events: list[Any] = []
    with pytest.raises(ServiceError):
        events.extend(world.engine(retries=2).answer(request()))
    assert len(world.waits) == 2


def test_a_quota_is_never_asked_again(world: World) -> None:
    """Nor is what nobody may."""
    for code in (402, 401, 403):
        world.plan(*BEGUN, failed(code))
        with pytest.raises(CopilotChatError):
            world.ask(engine=world.engine(retries=3))
    assert world.waits == []


@pytest.mark.parametrize(
    "step",
    [failed(None), failed(500), said("assistant.turn_retry"), ("kill", 9), ("exit", 0)],
    ids=["no reply", "500", "given up", "killed", "ended"],
)
def test_after_the_first_word_nothing_is_asked_again(world: World, step: Step) -> None:
    """What came stays, and is not shown twice: the answer is incomplete."""
    world.plan(*BEGUN, piece("so "), piece("far"), step, piece("so far"), result())
    events = world.ask(engine=world.engine(retries=3))
    assert text_of(events) == "so far"
    end = events[-1]
    assert isinstance(end, End)
    assert not end.complete
    assert end.detail
    assert world.waits == []


def test_an_answer_that_goes_on_by_itself(world: World) -> None:
    """The command has the model go on, twice, where an answer is too long: that is all text."""
    world.plan(*BEGUN, piece("a", "1"), TURN, piece("b", "2"), TURN, piece("c", "3"), result())
    assert text_of(world.ask()) == "abc"


def test_a_model_that_asks_for_tools_for_ever(world: World) -> None:
    """Each time is paid for; after the fourth it is enough."""
    world.plan(*[TURN, said("tool.execution_start", toolName="bash")] * 50, ("hang", None))
    with pytest.raises(ServiceError, match="4 times"):
        world.ask()


ENDS: dict[str, tuple[list[Step], str]] = {
    "code": (
        [("err", ["Error: no\n\n  model\nmore\n", 1]), ("exit", 1)],
        r"code 1\): Error: no model$",
    ),
    "nothing": ([("exit", 0)], r"ended before it asked the model \(exit code 0\)"),
    "signal": ([("kill", 15)], "signal 15"),
    "its word": ([result(1)], "before it asked the model"),
    "another language": ([("raw", "hello\n"), ("exit", 0)], "before it asked the model"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_before_the_model_was_asked(world: World, name: str) -> None:
    """How it ended is told, and the first line of what it said to that."""
    steps, words = ENDS[name]
    world.plan(*steps)
    with pytest.raises(CopilotChatError, match=words) as caught:
        world.ask()
    assert caught.value.exit_code == 1
    assert world.waits == []


def test_a_token_that_github_refuses(world: World) -> None:
    """The command says so in words alone, so GitHub is asked."""
    world.plan(("err", ["Error: Authentication failed\n", 1]), ("exit", 1))
    with pytest.raises(SignInError, match="GitHub refused"):
        world.ask(engine=world.engine(sign_in()))


def test_a_secret_in_its_complaints(world: World) -> None:
    """It is not repeated."""
    world.plan(("err", [f"bad key {KEY}\n", 1]), ("exit", 1))
    with pytest.raises(CopilotChatError, match=r"bad key \*\*\*\*"):
        world.ask()


def test_silence_is_a_stall(world: World) -> None:
    """Noise that is no progress does not count, however much of it there is."""
    world.plan(*BEGUN, piece("well"), ("hang", None))
    assert world.ask(engine=world.engine(idle=0.5))[-1] == End(
        "stalled", complete=False, detail="nothing came for 0.5 seconds"
    )
    world.plan(*BEGUN, piece("well"), ("for ever", '{"type":"session.info","data":{}}\n'))
    end = world.ask(engine=world.engine(idle=0.5))[-1]
    assert isinstance(end, End)
    assert end.reason == "stalled"
    until(lambda: not runs(world.seen()["pid"]))


@pytest.mark.parametrize("when", ["version", "steps"])
def test_a_program_that_says_nothing(world: World, when: str) -> None:
    """It is ended in time, with all that it has started, and what to do is told."""
    if when == "version":
        world.version = [("child", ""), ("hang", None)]
    world.plan(("child", ""), ("hang", None))
    with pytest.raises(SettingsError, match=r"said nothing for 1 s") as caught:
        world.ask(engine=world.engine(starting=1.0))
    assert caught.value.hint
    until(lambda: not any(map(runs, world.children(1))))
    assert world.nothing_is_left()


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ([("raw", "copilot version: v1.34.1\n")], "it says 'copilot version: v1.34.1'"),
        ([("raw", "GitHub Copilot CLI 0.0.420.\n")], "0.0.420; the engine cli needs 1.0.100"),
        ([("err", ["copilot-runtime: unknown option\n", 1]), ("exit", 2)], "unknown option"),
        ([], "it says 'nothing'"),
        ([("for ever", "\x1b]0;x\n")], "is not the command"),
    ],
    ids=["aws", "old", "runtime", "nothing", "flood"],
)
def test_a_program_that_is_not_the_command(world: World, version: list[Step], words: str) -> None:
    """It gets neither token nor prompt, and the person hears which program it is."""
    world.version = version
    world.answers("never")
    with pytest.raises(SettingsError) as caught:
        world.ask(engine=world.engine(sign_in()))
    assert words in caught.value.message
    assert str(world.program) in caught.value.message
    assert "\x1b" not in caught.value.message
    assert not (world.place / "seen").exists()


def test_a_program_that_cannot_be_started(world: World) -> None:
    """Nor is a file that is none taken for the command."""
    world.program.write_text("#!/no/such/interpreter\n")
    with pytest.raises(SettingsError, match="cannot be started"):
        world.ask()
    with pytest.raises(SettingsError, match="cannot be started"):
        world.ask(engine=world.engine(program=lambda: world.folder / "gone"))


def test_a_folder_that_cannot_be_written_to(world: World) -> None:
    """The command would hang there."""
    world.runs.write_text("a file in its place")
    with pytest.raises(CopilotChatError):
        world.ask()
    assert not (world.place / "version.seen").exists()


def test_offline(world: World) -> None:
    """With COPILOT_OFFLINE no other machine is asked, and this one is."""
    world.answers("ok")
    with pytest.raises(NetworkError, match=r"api\.x\.ghe\.com"):
        world.ask(engine=world.engine(sign_in(), offline=True))
    assert text_of(world.ask(engine=world.engine(offline=True))) == "ok"


# -- what is left ------------------------------------------------------------------------------


def test_an_answer_that_is_stopped(world: World) -> None:
    """Closing it ends the program and all it has started, also what has left its group."""
    world.plan(("child", ""), ("child", "apart"), *BEGUN, piece("well"), ("hang", None))
    events = world.engine().answer(request())
    while not isinstance(next(events), Text):
        pass
    pids = [world.seen()["pid"], *world.children(2)]
    events.close()
    until(lambda: not any(map(runs, pids)))
    assert world.nothing_is_left()


def test_ctrl_c(world: World) -> None:
    """It passes through, and nothing is left."""
    world.plan(("child", ""), *BEGUN, piece("well"), ("hang", None))
    events = world.engine().answer(request())
    while not isinstance(next(events), Text):
        pass
    pids = [world.seen()["pid"], *world.children(1)]
    with ctrl_c(), pytest.raises(KeyboardInterrupt):
        next(events)
    until(lambda: not any(map(runs, pids)))
    assert world.nothing_is_left()


def test_what_it_leaves_behind_at_its_own_end(world: World) -> None:
    """A child that outlives it is ended, and does not keep the answer waiting."""
    world.plan(("child", ""), *BEGUN, piece("well"), result(), ("exit", 0))
    assert text_of(world.ask()) == "well"
    until(lambda: not any(map(runs, world.children(1))))


KILLED = """
import sys
from pathlib import Path
from tests.cli_world import World, request
class Same(World):
    def __init__(self, folder):
        self.folder, self.place = folder, folder / "bin"
        self.program, self.runs, self.waits = self.place / "copilot", folder / "runs", []
for event in Same(Path(sys.argv[1])).engine().answer(request()):
    print(type(event).__name__, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
@pytest.mark.parametrize("when", ["starting", "answering"])
def test_nothing_outlives_us(world: World, number: signal.Signals, when: str) -> None:
    """Not even where nothing of ours could run any more."""
    said_so: list[Step] = [*BEGUN, piece("well")] if when == "answering" else []
    world.plan(("child", ""), *said_so, ("hang", None))
    argv = [sys.executable, "-c", KILLED, str(world.folder)]
    root = str(Path(__file__).parent.parent)
    environ = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ, cwd=root) as ours:
        pids = [world.seen()["pid"], *world.children(1)]
        if when == "answering":
            assert ours.stdout is not None
            assert b"Text\n" in iter(ours.stdout.readline, b"")
        assert all(map(runs, pids))
        ours.send_signal(number)
    until(lambda: not any(map(runs, pids)))
    until(world.nothing_is_left)


# -- where it is -------------------------------------------------------------------------------


def test_where_the_command_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable, else the PATH; never the folder that one is in."""
    from copilot_cli.engines.cli_command import find_program

    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "copilot").write_text("")
        (folder / "copilot").chmod(0o755)
    (here / "plain").write_text("")
    monkeypatch.chdir(here)
    path = os.pathsep.join([".", "", "relative", str(tmp_path), str(there)])
    assert find_program({"PATH": path}) == there / "copilot"
    named = str(here / "copilot")
    assert find_program({"PATH": path, "COPILOT_CLI_PATH": f" {named} "}) == Path(named)
    for bad in (here / "plain", here, here / "gone"):
        with pytest.raises(SettingsError, match="COPILOT_CLI_PATH") as caught:
            find_program({"PATH": path, "COPILOT_CLI_PATH": str(bad)})
        assert "npm install" in str(caught.value.hint)
    with pytest.raises(SettingsError, match="not on the PATH") as caught:
        find_program({"PATH": f".{os.pathsep}relative"})
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"HOME": "/h"}, "linux", "/h/.cache/copilot"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "linux", "/c/copilot"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "darwin", "/h/Library/Caches/copilot"),
        ({"USERPROFILE": "/u", "LOCALAPPDATA": "/l"}, "win32", "/l/copilot"),
        ({"HOME": "/h", "COPILOT_CACHE_HOME": "/x"}, "linux", "/x"),
        ({"COPILOT_PKG_CACHE_HOME": "/y", "COPILOT_CACHE_HOME": "/x"}, "linux", "/y"),
    ],
    ids=["linux", "xdg", "mac", "windows", "cache", "package cache"],
)
def test_where_the_command_unpacks_itself(
    environ: dict[str, str], platform: str, expected: str
) -> None:
    """The usual place: what is there already is not unpacked again for us."""
    from copilot_cli.engines.cli_command import unpacked

    assert unpacked(environ, platform) == Path(expected)
