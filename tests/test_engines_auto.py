"""The model `auto`: the service's choice, its session, and what becomes of a stale one."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from copilot_cli.engines.auto import HEADER, Auto, Session
from copilot_cli.engines.failure import Failure
from copilot_cli.errors import ModelUnavailable
from copilot_cli.secret import Secret
from tests.wizard_world import World

NOW = 1_750_000_000.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "home")
    made.environ["COPILOT_CHAT_TOKEN"] = made.sim.sign_in()
    return made


def asked(world: World) -> list[tuple[str, str]]:
    """Each request to Copilot, with the model of a question."""
    return [
        (entry.endpoint, entry.json()["model"] if entry.endpoint == "chat" else "")
        for entry in world.sim.log
        if entry.endpoint not in {"exchange", "models"}
    ]


def endpoint(world: World) -> str:
    """What the log calls a request for a session."""
    return next(name for name, _ in asked(world) if name != "chat")


@pytest.mark.parametrize("name", ["auto", "AUTO", "gh/auto"])
def test_the_service_chooses(world: World, name: str) -> None:
    """The model that answers is said on stderr, and its session goes with the question."""
    code, out, err = world.run("ask", "-m", name, "hello")
    assert (code, out) == (0, "hello")
    assert "sim-auto" in err
    assert err == "auto: the service chose sim-auto\n"
    (question,) = [entry for entry in world.sim.log if entry.endpoint == "chat"]
    assert question.headers[HEADER.lower()].startswith("auto_")
    assert question.json()["model"] == "sim-auto"
    assert question.headers[HEADER.lower()] not in err


def test_json_names_the_model_that_answered(world: World) -> None:
    """And not the word that was typed."""
    code, out, _ = world.run("ask", "-m", "auto", "--json", "hello")
    assert (code, json.loads(out)["model"]) == (0, "sim-auto")


def test_where_the_service_does_not_choose(world: World) -> None:
    """Exit code 4, with what to do; no question is sent."""
    world.sim.scenario.auto = False
    code, out, err = world.run("ask", "-m", "auto", "hello")
    assert (code, out) == (4, "")
    assert "error: the service does not choose a model for you" in err
    assert "hint: name one with -m" in err
    assert "chat" not in [name for name, _ in asked(world)]


def chat_of(world: World, *lines: str) -> str:
    """Run the chat with these lines and return what it answers."""
    return world.run("repl", "-m", "auto", stdin="".join(f"{line}\n" for line in lines))[1]


def test_a_session_serves_a_whole_conversation(world: World) -> None:
    """It is asked for once."""
    assert chat_of(world, "one", "two") == "onetwo"
    assert [name for name, _ in asked(world)] == [endpoint(world), "chat", "chat"]


def test_a_stale_session_is_renewed_once(world: World) -> None:
    """The same question goes out with a new one; the sign-in is not blamed."""
    world.sim.fault("chat", status=401, body="unauthorized: Invalid auto-mode selector\n")
    code, out, _ = world.run("ask", "-m", "auto", "hello")
    assert (code, out) == (0, "hello")
    session = endpoint(world)
    assert [name for name, _ in asked(world)] == [session, "chat", session, "chat"]
    assert [entry.endpoint for entry in world.sim.log].count("exchange") == 1


def test_a_session_that_stays_stale_is_an_error(world: World) -> None:
    """No loop: two sessions, two questions."""
    body = "unauthorized: Invalid auto-mode selector\n"
    world.sim.fault("chat", status=401, body=body, times=9)
    code, out, _ = world.run("ask", "-m", "auto", "hello")
    assert (code, out) == (3, "")
    assert [name for name, _ in asked(world)].count("chat") == 2


def test_a_stale_token_is_renewed_within_the_session(world: World) -> None:
    """A 401 of the other kind is the credential's: it is exchanged anew, the session stays."""
    world.sim.fault("chat", status=401, body="unauthorized: token expired\n")
    assert world.run("ask", "-m", "auto", "hello")[:2] == (0, "hello")
    session = endpoint(world)
    assert [name for name, _ in asked(world)] == [session, "chat", "chat"]
    assert [entry.endpoint for entry in world.sim.log].count("exchange") == 2


def opened(reply: httpx.Response) -> Session:
    """What is read of the reply to a request for a session."""
    client = httpx.Client(transport=httpx.MockTransport(lambda _: reply))
    got: list[Session] = []

    def authorized(call: Any) -> Session:
        got.append(call("https://api.example", {}))
        return got[0]

    auto = Auto(client, authorized, lambda *_: None, now=lambda: NOW)  # type: ignore[arg-type]
    return auto._current()


GOOD = {"session_token": "madeUpSession", "selected_model": "m", "expires_at": NOW + 100}


@pytest.mark.parametrize(
    ("fields", "session"),
    [
        ({}, Session("m", Secret("madeUpSession"), NOW + 100)),
        ({"expires_at": None}, Session("m", Secret("madeUpSession"), NOW + 3600)),
        ({"expires_at": NOW - 5}, Session("m", Secret("madeUpSession"), NOW + 3600)),
        ({"expires_at": 1e300}, Session("m", Secret("madeUpSession"), NOW + 3600)),
        ({"expires_at": "soon"}, Session("m", Secret("madeUpSession"), NOW + 3600)),
        ({"selected_model": None, "available_models": [7, "", "n"]}, "n"),
    ],
)
def test_what_a_session_says(fields: dict[str, Any], session: Session | str) -> None:
    """Its end may be missing or nonsense; a choice may be left to the client."""
    found = opened(httpx.Response(200, json={**GOOD, **fields}))
    if isinstance(session, str):
        assert found.model == session
    else:
        assert (found.model, found.token.reveal(), found.until) == (
            session.model,
            session.token.reveal(),
            session.until,
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b'{"session_token": "x"}',
        b'{"selected_model": "m"}',
        b'{"selected_model": "m", "session_token": 7}',
        b'{"selected_model": "m", "session_token": "a\\nb"}',
        '{"selected_model": "m", "session_token": "\u00fc"}'.encode(),
        b"[" * 100_000,
    ],
)
def test_a_reply_that_is_none(body: bytes) -> None:
    """No traceback: the service did not answer as it should."""
    with pytest.raises(Failure) as failed:
        opened(httpx.Response(200, content=body))
    assert failed.value.error.exit_code == 6


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_service_without_sessions(status: int) -> None:
    """The model is not there, and that is all."""
    with pytest.raises(Failure) as failed:
        opened(httpx.Response(status, text="404 page not found"))
    assert isinstance(failed.value.error, ModelUnavailable)
