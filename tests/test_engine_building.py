"""Which engine is built for which route, with what right, and that what it started is ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_cli.conversation import Conversation, Manner
from copilot_cli.engine_building import ENGINES
from copilot_cli.engines.byok import ByokEngine
from copilot_cli.engines.cli import CliEngine
from copilot_cli.engines.direct import DirectEngine
from copilot_cli.engines.official.access import OwnEndpoint, SignIn
from copilot_cli.engines.official.engine import OfficialEngine
from copilot_cli.errors import SettingsError
from copilot_cli.messages import TextPart
from copilot_cli.routing import Route
from copilot_cli.settings import SETTINGS
from tests.endpoint_world import LOCAL, write
from tests.repl_world import chatting_world
from tests.wizard_world import World

LLAMA = f'[endpoints.ollama]\nurl = "{LOCAL}"\nmodel = "llama-sim:latest"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = chatting_world(tmp_path / "home")
    write(made, LLAMA)
    yield made
    if made.app is not None:
        made.app.close()


def test_the_engines_are_those_of_the_setting() -> None:
    """What can be set is there, and the other way round."""
    (row,) = (row for row in SETTINGS if row.name == "engine")
    assert sorted(row.kind.choices) == sorted(ENGINES)
    assert next(iter(ENGINES)) == row.default


ROUTES = [
    (Route("direct", None, "sim-echo"), DirectEngine),
    (Route("byok", "ollama"), ByokEngine),
    (Route("byok"), ByokEngine),
    (Route("official", None, "sim-echo"), OfficialEngine),
    (Route("official", "ollama"), OfficialEngine),
    (Route("cli", None, "sim-echo"), CliEngine),
    (Route("cli", "ollama"), CliEngine),
]


@pytest.mark.parametrize(("route", "kind"), ROUTES)
def test_each_route_has_its_engine(world: World, route: Route, kind: type) -> None:
    """The same one each time, and its name is that of the route."""
    app = world.build(None)
    engine = app.engine_for(route)
    assert isinstance(engine, kind)
    assert engine.name == route.engine
    assert app.engine_for(route) is engine


def test_an_engine_that_is_none(world: World) -> None:
    """It says which there are."""
    with pytest.raises(SettingsError) as caught:
        world.build(None).engine_for(Route("nonesuch"))
    assert caught.value.hint == "use one of direct, official, byok, cli"


def access_of(engine: object) -> object:
    """By what right an engine asks."""
    return vars(engine)["_access"]


def test_the_right_of_a_sign_in(world: World) -> None:
    """The token is read when it is needed; the addresses of the settings are told."""
    world.environ |= {
        "COPILOT_CHAT_GITHUB_API_URL": "https://api.example",
        "COPILOT_CHAT_COPILOT_API_URL": "https://copilot.example",
        "COPILOT_GH_HOST": "octo.ghe.com",
    }
    access = access_of(world.build(None).engine_for(Route("official", None, "sim-echo")))
    assert isinstance(access, SignIn)
    assert access.whose == "octo.ghe.com env COPILOT_CHAT_TOKEN"
    assert access.token().reveal() == world.environ["COPILOT_CHAT_TOKEN"]
    assert access.api == "https://copilot.example"
    assert access.variables == {
        "COPILOT_GH_HOST": "octo.ghe.com",
        "COPILOT_DEBUG_GITHUB_API_URL": "https://api.example",
        "COPILOT_API_URL": "https://copilot.example",
        "COPILOT_GITHUB_TELEMETRY_DISABLED": "true",
    }


def test_the_right_of_an_endpoint(world: World) -> None:
    """Its address and key stay with us; nobody needs to be signed in."""
    del world.environ["COPILOT_CHAT_TOKEN"]
    access = access_of(world.build(None).engine_for(Route("official", "ollama", "llama")))
    assert isinstance(access, OwnEndpoint)
    assert access.whose == f"ollama {LOCAL}"
    assert access.wire == "/chat/completions"
    assert isinstance(access.sender, ByokEngine)


@pytest.mark.parametrize("engine", ["official", "cli"])
def test_variables_describe_an_endpoint_where_nobody_is_signed_in(
    world: World, engine: str
) -> None:
    """As with `direct`, whose place byok takes then; a sign-in wins over them."""
    world.environ |= {"GITHUB_COPILOT_PROVIDER_URL": LOCAL, "COPILOT_CHAT_ENGINE": engine}
    assert world.build(None).route == Route(engine, None, "sim-echo")
    del world.environ["COPILOT_CHAT_TOKEN"]
    assert world.build(None).route == Route(engine, "env", "sim-echo")


def test_nothing_is_asked_in_an_editors_name_for_githubs_own_engines(world: World) -> None:
    """A model that no list knows is taken as it is; the first list is read for the default only."""
    world.environ["COPILOT_CHAT_ENGINE"] = "official"
    app = world.build(None)
    assert app.catalogue.resolve("new-model", ask=False) == Route("official", None, "new-model")
    assert world.endpoints == []
    del world.environ["COPILOT_CHAT_MODEL"]
    first = world.build(None).catalogue.choose()
    assert first.model == "sim-docs"
    assert "models" in world.endpoints
    world.requests.clear()
    world.time += 100_000
    assert world.build(None).catalogue.choose() == first
    assert world.build(None).catalogue.resolve("sim-small", ask=False).model == "sim-small"
    assert world.endpoints == []


@pytest.mark.parametrize("engine", ["byok", "official", "cli"])
def test_an_endpoint_is_no_matter_of_the_plan(world: World, engine: str) -> None:
    """What it costs is between the person and it: no budget of Copilot's stands before it."""
    app = world.build(None, {"max_credits": "1"})
    own = app.engine_for(Route(engine, "ollama"))
    assert app.guard.engine(own) is own
    copilots = app.engine_for(Route("official", None, "sim-echo"))
    assert app.guard.engine(copilots) is not copilots


def test_what_was_started_is_ended(world: World) -> None:
    """At the end, when everything is read anew, and not when a setting of the chat changes."""
    app = world.build(None)
    ended: list[str] = []
    engine = app.engine_for(Route("official", None, "sim-echo"))
    vars(engine)["close"] = lambda: ended.append("official")
    app.set_options(theme="dark")
    assert ended == []
    assert app.engine_for(Route("official", None, "sim-echo")) is engine
    app.forget_settings()
    assert ended == ["official"]
    assert app.engine_for(Route("official", None, "sim-echo")) is not engine


def test_an_endpoint_of_a_stored_conversation_stays(world: World) -> None:
    """Who answered a conversation through the runtime answers it again, endpoint and all."""
    world.environ["COPILOT_CHAT_ENGINE"] = "official"
    del world.environ["COPILOT_CHAT_MODEL"]
    app = world.build(None)
    sessions = app.sessions
    made = sessions.create(host="github.com", account="byok:ollama")
    assert made is not None
    asked = sessions.append(made, None, "user", [TextPart("hello")])
    answer = sessions.begin_answer(made, asked, model="llama-sim:latest", engine="official")
    sessions.finish(answer, "complete", rest=[TextPart("hello")])
    talk = Conversation(app, sessions, Manner(), session=sessions.find(made))
    assert talk.route == Route("official", "ollama", "llama-sim:latest")


def test_a_second_ctrl_c_at_the_end_leaves_nothing_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while one engine is being ended: the others are, too, and what was opened closed."""
    app = world.build(None)
    first, second = (app.engine_for(Route("official", name)) for name in (None, "ollama"))
    client, ended = app.client, []

    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(second, "close", interrupted)
        patch.setattr(first, "close", lambda: ended.append("first"))
        with pytest.raises(KeyboardInterrupt):
            app.close()
    assert ended == ["first"]
    assert client.is_closed
