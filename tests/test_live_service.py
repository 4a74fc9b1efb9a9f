"""The way to a real answer: against the service with `-m live`, against its stand-in always."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from copilot_cli.app import App
from copilot_cli.auth.credential import fetch_login
from copilot_cli.effects import Effects
from copilot_cli.messages import End, Text
from copilot_cli.secret import Secret
from copilot_cli.simulator import Scenario, Simulator, SimulatorServer
from tests import live_service
from tests.recorder import Tape, redacted
from tests.recordings import decoded

RECORDED = Path(__file__).parent / "streams" / "recorded"
OUTSIDE = dict(os.environ)
"""The environment as it was before `conftest.py` hid it from the tests."""

_NETWORK = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_HEEDED = (*_NETWORK, "REQUESTS_CA_BUNDLE", "COPILOT_CHAT_MODEL", "COPILOT_GH_HOST")


class Service(NamedTuple):
    """What is asked: where, as whom, and where recordings go; the simulator, if it is that."""

    environ: dict[str, str]
    token: str
    recordings: Path | None
    simulator: Simulator | None = None


def _stand_in(folder: Path) -> Iterator[Service]:
    simulator = Simulator(Scenario(login="mona-lisa"))
    never = threading.Event()
    # The second answer stays unfinished until the client has gone.
    simulator.answer("ready")
    simulator.answer(deltas=["1\n", "2\n", "3\n"], pause_after=(2, never))
    with SimulatorServer(simulator, tls=True) as server:
        environ = {name: value for name, value in server.env.items() if "PROXY" not in name.upper()}
        yield Service(environ, simulator.sign_in(), folder / "recorded", simulator)


def _github(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    token = OUTSIDE.get("COPILOT_CHAT_LIVE_TOKEN", "")
    if not token or "live" not in request.config.option.markexpr:
        pytest.skip("needs `-m live` and COPILOT_CHAT_LIVE_TOKEN")
    heeded = {name: value for name, value in OUTSIDE.items() if name.upper() in _HEEDED}
    for name, value in heeded.items():
        monkeypatch.setenv(name, value)
    record = request.config.getoption("--record")
    yield Service(heeded, token, RECORDED if record else None)


@pytest.fixture(
    params=["simulator", pytest.param("github", marks=pytest.mark.live)],
)
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """The stand-in, or the service itself where both `-m live` and a token ask for it."""
    given = _stand_in(tmp_path) if request.param == "simulator" else _github(request, monkeypatch)
    yield from given


@pytest.mark.real
def test_the_way_to_an_answer(service: Service, tmp_path: Path) -> None:
    """Exchange, model list, a whole answer, one that is stopped, and another after it."""
    environ = {
        **service.environ,
        "COPILOT_CHAT_HOME": str(tmp_path / "home"),
        "COPILOT_CHAT_NO_KEYRING": "1",
        "COPILOT_CHAT_TOKEN": service.token,
    }
    app, tape = App({}, Effects(environ=environ)), Tape()
    tape.watch(app.client)
    with closing(app):
        copilot = live_service.exchange(app)
        live_service.models(app)
        live_service.answer(app)
        chat = live_service.cancel(app)
        if service.simulator:
            assert _was_left(service.simulator), f"the answer goes on after {chat.history[-1].text}"
        live_service.answer(app)
        login = fetch_login(app.client, app.settings.rest_url(), Secret(service.token))
        names = [f"{app.catalogue.choose()}-{name}" for name in ("answer", "stopped", "again")]
    if service.simulator:
        _check_what_was_asked(service.simulator)
    if service.recordings:
        paths = tape.save(service.recordings, names, login=login)
        _check_recordings(paths, {service.token, copilot.token.reveal(), login})


def _was_left(simulator: Simulator) -> bool:
    return simulator.wait(lambda: any(seen.aborted for seen in simulator.log))


def _check_what_was_asked(simulator: Simulator) -> None:
    asked = [seen.endpoint for seen in simulator.log]
    assert asked == ["exchange", "models", "chat", "chat", "chat", "user"]
    assert {seen.status for seen in simulator.log} == {200}
    assert simulator.unused() == []


def _check_recordings(paths: list[Path], secrets: set[str]) -> None:
    for path in paths:
        stream = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in stream]
    assert [ends(path) for path in paths] == [("stop", True), ("cut", False), ("stop", True)]


def ends(path: Path) -> tuple[str, bool]:
    """How the recorded answer ends; it has some text, and no fault."""
    events, fault = decoded(path.read_bytes())
    assert fault is None
    assert any(isinstance(event, Text) and event.text.strip() for event in events)
    end = events[-1]
    assert isinstance(end, End)
    return end.reason, end.complete


def test_what_was_recorded_is_decoded() -> None:
    """Every recording of the service, where there are any, is a stream that the wire reads."""
    for path in sorted(RECORDED.glob("*.sse")):
        stopped = path.stem.endswith("-stopped")
        assert ends(path) == (("cut", False) if stopped else ("stop", True)), path.name


TOKEN = "ghu_madeUpForTests0000000000000000000000"
COPILOT = "tid=madeUpForTests;exp=1760000000;sku=made_up:0123456789abcdef"
REQUEST = "00000000-1111-2222-3333-444444444444"


@pytest.mark.parametrize(
    ("stream", "clean"),
    [
        ('{"id":"chatcmpl-Abc123"}', '{"id":"redacted-1"}'),
        ('{"id":"","index":0,"x_id":"0"}', '{"id":"","index":0,"x_id":"0"}'),
        (
            '{"id":"call_A1b2C3"}\n\ndata: {"id": "call_Z9y8X7"}\n\ndata: {"id" : "call_A1b2C3"}',
            '{"id":"redacted-1"}\n\ndata: {"id": "redacted-2"}\n\ndata: {"id" : "redacted-1"}',
        ),
        ('{"reasoning_opaque":"a\\/+b\\u00e9cdef=="}', '{"reasoning_opaque":"redacted-1"}'),
        ('{"content":"as Mona-Lisa said"}', '{"content":"as redacted-1 said"}'),
        (f'{{"content":"see {REQUEST}."}}', '{"content":"see redacted-1."}'),
        ('{"error":{"message":"0A1B:2C3D:4E5F:6A7B:8C9D"}}', '{"error":{"message":"redacted-1"}}'),
        (f'{{"content":"{TOKEN}"}}', '{"content":"redacted-1"}'),
        (f'{{"content":"{COPILOT}"}}', '{"content":"redacted-1"}'),
        ('{"content":"gho_madeUpForTests1111111111"}', '{"content":"****"}'),
        (
            '{"to":"mona@example.com","n":1234567890123456789}',
            '{"to":"redacted-1","n":1234567890123456789}',
        ),
        (
            '{"content":"h\\u00e9 ☃\\ud83d"}\r\n\r\n: remark',
            '{"content":"h\\u00e9 ☃\\ud83d"}\r\n\r\n: remark',
        ),
    ],
    ids=[
        "id",
        "numbers",
        "same id",
        "escaped",
        "login",
        "uuid",
        "request id",
        "github token",
        "copilot token",
        "unknown token",
        "mail",
        "the rest",
    ],
)
def test_what_tells_whose_it_was_is_replaced(stream: str, clean: str) -> None:
    """Credentials, ids and the login get stand-ins; every other byte stays as it came."""
    known = {TOKEN, COPILOT, "Mona-Lisa"}
    prefixed, expected = (f"data: {text}\n\n".encode() for text in (stream, clean))
    found = redacted(prefixed, known)
    assert found == expected


def test_what_is_no_text_stays_as_it_came() -> None:
    """Bytes that are no UTF-8, and lines that are no JSON, are kept."""
    stream = b"data: \xff\xfe not json\n\ndata: [DONE]\n"
    assert redacted(stream, {TOKEN}) == stream


@pytest.mark.parametrize(
    ("stream", "login"),
    [
        (b'data: {"content":"hello"}\n', "content"),
        (b'data: {"content":"xxmona-lisaxx"}\n', "mona-lisa"),
        (b'data: {"content":"for mona\\u002dlisa"}\n', "mona-lisa"),
    ],
    ids=["a key", "inside a word", "in other letters"],
)
def test_what_cannot_be_made_safe_is_not_written(stream: bytes, login: str, tmp_path: Path) -> None:
    """A stand-in that would change the shape, or that leaves a name behind, stops the recording."""
    tape = Tape()
    tape.streams.append(bytearray(stream))
    with pytest.raises(ValueError, match="would"):
        tape.save(tmp_path / "recorded", ["one"], login=login)
    assert not (tmp_path / "recorded").exists()


def test_the_tape_leaves_the_client_its_answer() -> None:
    """What is recorded is what the client reads, and only of answers that came."""

    def serve(request: httpx.Request) -> httpx.Response:
        status = 200 if request.url.path.startswith("/ok") else 400
        content = iter([b"data: ", b"[DONE]\n\n"])
        return httpx.Response(status, content=content, headers={"x-request-id": "r-1"})

    tape = Tape()
    with httpx.Client(transport=httpx.MockTransport(serve)) as client:
        tape.watch(client)
        headers = {"authorization": f"Bearer {COPILOT}"}
        for path in ("/ok/chat/completions", "/no/chat/completions", "/ok/models"):
            assert client.post(f"https://made.up{path}", headers=headers).text == "data: [DONE]\n\n"
    assert tape.streams == [b"data: [DONE]\n\n"]
    assert tape.known == {COPILOT, "r-1"}
